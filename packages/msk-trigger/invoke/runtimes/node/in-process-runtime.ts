import process from 'node:process'
import type { FunctionFacts } from '../../function-facts.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from '../runtime.ts'
import type { Handler, Outcome } from './call.ts'
import { callHandler } from './call-handler.ts'
import { loadHandler } from './load-handler.ts'
import type { ThreadData } from './messages.ts'
import { reportedError } from './reported-error.ts'
import { responseJson } from './response.ts'
import { defineAwslambda } from './streaming.ts'
import { threadDataOf } from './thread-data.ts'

/**
 * Runs a handler in this process, for debuggers that do not attach to threads. The handler cannot be stopped, and if it calls
 * `process.exit`, this process ends.
 */
export class InProcessRuntime implements Runtime {
  readonly isComputing = false
  readonly #facts: FunctionFacts
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  #handler: Handler | undefined

  constructor(facts: FunctionFacts) {
    this.#facts = facts
  }

  async invoke({ event, requestId, timeoutMs }: Invocation): Promise<unknown> {
    const data = threadDataOf(this.#facts)
    Object.assign(process.env, this.#facts.environment)
    this.#handler ??= await loaded(data)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const outcome = outcomeOf(data, resolve, reject)
    const about = { requestId, deadlineMs: Date.now() + timeoutMs }
    callHandler(this.#handler, JSON.parse(event.json()), about, data, outcome, true)
    return JSON.parse(await promise)
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  async close(): Promise<void> {
    this.#ended.resolve(new RuntimeEnded('it was closed'))
  }
}

async function loaded(data: ThreadData): Promise<Handler> {
  defineAwslambda()
  try {
    return await loadHandler(data)
  } catch (error) {
    throw new HandlerError(reportedError(error, data.plugin))
  }
}

function outcomeOf(
  { style, plugin }: ThreadData,
  resolve: (json: string) => void,
  reject: (error: Error) => void,
): Outcome {
  const fail = (thrown: unknown) => reject(new HandlerError(reportedError(thrown, plugin)))
  const succeed = (result: unknown) => {
    try {
      resolve(responseJson(result, style))
    } catch (error) {
      fail(error)
    }
  }
  return { succeed, fail, failForGood: fail }
}
