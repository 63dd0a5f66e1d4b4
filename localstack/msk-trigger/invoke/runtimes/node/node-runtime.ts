import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { within } from '../../../support/wait.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from '../runtime.ts'
import type { Answer, Message, Request, ThreadData } from './messages.ts'
import { THREAD, threadDataOf } from './thread-data.ts'

/**
 * Upper bound for terminating a thread. It ends at once, also from within a loop, but not from within a command of
 * `execSync` or `spawnSync`, which must end first: until then, nobody else may have the partition. Rule 19.
 */
const END_MS = 30_000

/** Receives what a thread writes, instead of the streams of this process. It must be read. */
export type OnOutput = (stdout: Readable, stderr: Readable) => void

/**
 * A handler in JavaScript or TypeScript, in a thread of its own, which starts with the first invocation. After an error with
 * which Lambda would start the runtime again (a module that does not load, an uncaught exception), the next invocation gets a
 * new thread.
 */
export class NodeRuntime implements Runtime {
  readonly #facts: FunctionFacts
  readonly #onOutput: OnOutput | undefined
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  /** Present while a thread loads the handler. */
  #loading: PromiseWithResolvers<void> | undefined
  #thread: Worker | undefined
  #pending: PromiseWithResolvers<unknown> | undefined
  #useBefore: EventLoopUtilization | undefined

  constructor(facts: FunctionFacts, onOutput?: OnOutput) {
    this.#facts = facts
    this.#onOutput = onOutput
  }

  /** Resolves also if it cannot be loaded, which the next invocation reports. */
  load(): Promise<void> | undefined {
    this.#thread ??= this.#start()
    return this.#loading?.promise
  }

  invoke({ event, requestId, deadlineMs }: Invocation): Promise<unknown> {
    this.#thread ??= this.#start()
    this.#useBefore = this.#thread.performance.eventLoopUtilization()
    this.#pending = Promise.withResolvers()
    this.#thread.postMessage({ requestId, deadlineMs, event } satisfies Request)
    return this.#pending.promise
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    const use = this.#thread?.performance.eventLoopUtilization(this.#useBefore)
    return (use?.utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    this.#ended.resolve(new RuntimeEnded('it was closed'))
    this.#loaded()
    if (this.#thread) await within(END_MS, this.#thread.terminate())
  }

  #start(): Worker {
    const thread = newThread(this.#facts, this.#onOutput !== undefined)
    this.#onOutput?.(thread.stdout, thread.stderr)
    this.#loading = Promise.withResolvers()
    let cause: unknown
    thread.on('message', (message: Message) => {
      if (thread !== this.#thread) return
      if (message === 'loaded') this.#loaded()
      else this.#answered(message)
    })
    // Such as the end of its memory: the thread catches the exceptions of the handler itself.
    thread.on('error', error => {
      cause = error
    })
    thread.on('exit', code => {
      if (thread !== this.#thread) return
      const what = cause === undefined ? `ended its process with exit code ${code}` : 'ended with an error'
      this.#ended.resolve(new RuntimeEnded(`the handler ${what}`, { cause }))
    })
    return thread
  }

  #loaded(): void {
    this.#loading?.resolve()
    this.#loading = undefined
  }

  #answered(answer: Answer): void {
    const pending = this.#pending
    this.#pending = undefined
    if ('ok' in answer) {
      if (answer.isLast) this.#abandon()
      pending?.resolve(JSON.parse(answer.ok))
      return
    }
    const error = new HandlerError(answer.error)
    if (answer.isFatal) this.#abandon()
    if (pending) pending.reject(error)
    else this.#ended.resolve(new RuntimeEnded('the handler threw an uncaught exception', { cause: error }))
  }

  #abandon(): void {
    void this.#thread?.terminate()
    this.#thread = undefined
  }
}

/** @param isCaptured whether its output is read here */
function newThread(facts: FunctionFacts, isCaptured: boolean): Worker {
  const { functionKey: name, environment: env } = facts
  const data = threadDataOf(facts)
  const start = (variables: Record<string, string>, workerData: ThreadData) =>
    new Worker(THREAD, {
      name,
      env: variables,
      workerData,
      ...(isCaptured && { stdout: true, stderr: true }),
    })
  try {
    return start(env, data)
  } catch (error) {
    // Some options are for a whole process. The handler sees them all the same.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw error
    const { NODE_OPTIONS: nodeOptions, ...others } = env
    return start(others, { ...data, nodeOptions })
  }
}
