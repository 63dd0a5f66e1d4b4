import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import process from 'node:process'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from '../../support/serverless.ts'
import { within } from '../../support/wait.ts'
import { functionFacts } from '../function-facts.ts'
import { NodeRuntime } from './node/node-runtime.ts'
import { PythonRuntime } from './python/python-runtime.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from './runtime.ts'

/**
 * Time limit for terminating a thread, in milliseconds. Termination is immediate, so the limit is reached only in case of a bug.
 */
const END_MS = 1_000

/** Runtime that is currently starting a thread. */
const starting = new AsyncLocalStorage<FrameworkRuntime>()
let isWatching = false

/**
 * Uses a runner of serverless-offline for runtimes that this plugin does not run itself. That runner has two faults: an uncaught
 * exception in its thread ends this process, and after a failure it treats the function as busy forever. Therefore each runner has
 * a separate pool and is discarded after use.
 */
class FrameworkRuntime implements Runtime {
  readonly #lambda: Lambda
  readonly #function: LambdaFunction
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  readonly #runtime: string
  #thread: Worker | undefined
  #useBefore: EventLoopUtilization | undefined

  constructor(serverless: Serverless, options: Readonly<Record<string, unknown>>, functionKey: string) {
    const { environment, runtime } = functionFacts(serverless, options, functionKey)
    // The runner does not resolve references, so it gets texts.
    const provider = { value: { ...serverless.service.provider, environment } }
    const service = { value: Object.create(serverless.service, { provider }) }
    this.#lambda = new Lambda(Object.create(serverless, { service }), { ...options, noTimeout: true })
    const functionDefinition = { ...serverless.service.getFunction(functionKey), environment: {} }
    this.#lambda.create([{ functionKey, functionDefinition }])
    this.#function = this.#lambda.get(functionKey)
    this.#runtime = runtime
    if (!isWatching) process.on('worker', watchThread)
    isWatching = true
  }

  async invoke({ event }: Invocation): Promise<unknown> {
    this.#useBefore = this.#thread?.performance.eventLoopUtilization()
    this.#function.setEvent(JSON.parse(event.json()))
    try {
      return checkedAnswer(await starting.run(this, () => this.#function.runHandler()), this.#runtime)
    } catch (error) {
      // The runner logs the stack.
      if (!(error instanceof Error) || error instanceof RuntimeEnded) throw error
      throw new HandlerError({ errorType: error.name, errorMessage: error.message, trace: [] })
    } finally {
      this.#function.setEvent(undefined)
    }
  }

  get termination(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    return (this.#thread?.performance.eventLoopUtilization(this.#useBefore).utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    await within(END_MS, this.#lambda.cleanup())
  }

  watch(worker: Worker): void {
    this.#thread = worker
    let cause: unknown
    // This listener also has the effect that an uncaught exception in the thread does not end this process.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      const what =
        cause === undefined ? `ended its process with exit code ${code}` : 'threw an uncaught exception'
      this.#ended.resolve(new RuntimeEnded(`the handler ${what}`, { cause }))
    })
  }
}

function watchThread(worker: Worker): void {
  starting.getStore()?.watch(worker)
}

/**
 * Returns the result of a runner. Handlers of Node.js may return nothing; those of other runtimes return at least null.
 *
 * @throws RuntimeEnded if there is no result
 */
export function checkedAnswer(answer: unknown, runtime: string): unknown {
  if (answer !== undefined || runtime.startsWith('nodejs')) return answer
  const why = runtime.startsWith('java')
    ? 'it threw an exception, or the JVM cannot run java-invoke-local: see the output above'
    : 'its process ended'
  throw new RuntimeEnded(`the handler did not answer: ${why}`)
}

/** Returns true for a runtime whose handlers serverless-offline would call, and whose errors it would report. */
export function isRun(runtime: string): boolean {
  return /^(nodejs|python|ruby|java)/.test(runtime)
}

/**
 * Returns the runtimes for the functions of a service, for use with serverless-offline and its options.
 *
 * @param thread built module of the Node.js thread
 */
export function frameworkRuntimes(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  thread?: URL,
) {
  return {
    start: (functionKey: string) => startRuntime(serverless, options, functionKey, thread),
    haveTimeouts: !options.noTimeout,
  }
}

function startRuntime(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  functionKey: string,
  thread: URL | undefined,
): Runtime {
  const facts = functionFacts(serverless, options, functionKey)
  const { service } = serverless
  const artifact = service.getFunction(functionKey).package?.artifact ?? service.package?.artifact
  if (!artifact && facts.runtime.startsWith('nodejs')) return new NodeRuntime(facts, thread)
  if (facts.runtime.startsWith('python')) return new PythonRuntime(facts)
  return new FrameworkRuntime(serverless, options, functionKey)
}
