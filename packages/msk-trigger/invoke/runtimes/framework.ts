import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import process from 'node:process'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from '../../support/framework.ts'
import { isObject } from '../../support/values.ts'
import { within } from '../../support/wait.ts'
import { functionFacts } from '../function-facts.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from './runtime.ts'

/**
 * Time limit for terminating a thread, in milliseconds. Termination is immediate, so the limit is reached only in case of a bug.
 */
const END_MS = 1_000

/**
 * Time limit for ending a container, in milliseconds. A container has 10 seconds to stop, and its batch must not be passed to
 * another container before that.
 */
const END_CONTAINER_MS = 15_000

/** Runtime that is currently starting a thread. */
const starting = new AsyncLocalStorage<FrameworkRuntime>()
let isWatching = false

/**
 * Uses a runner of serverless-offline for runtimes that this plugin does not run itself. That runner has two faults: an uncaught
 * exception in its thread ends this process, and after a failure it treats the function as busy forever. Therefore each runner has
 * a separate pool and is discarded after use.
 */
export class FrameworkRuntime implements Runtime {
  readonly #lambda: Lambda
  readonly #function: LambdaFunction
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  readonly #runtime: string
  readonly #inDocker: boolean
  #thread: Worker | undefined
  #useBefore: EventLoopUtilization | undefined

  constructor(serverless: Serverless, options: Readonly<Record<string, unknown>>, functionKey: string) {
    this.#lambda = new Lambda(serverless, { ...options, noTimeout: true })
    this.#lambda.create([{ functionKey, functionDefinition: serverless.service.getFunction(functionKey) }])
    this.#function = this.#lambda.get(functionKey)
    this.#runtime = functionFacts(serverless, options, functionKey).runtime
    this.#inDocker = Boolean(options.useDocker)
    if (!isWatching) process.on('worker', watchThread)
    isWatching = true
  }

  async invoke({ event }: Invocation): Promise<unknown> {
    refuseUncalled(this.#runtime, this.#inDocker)
    await leaveOutInvocationLines(() => starting.getStore() !== undefined)
    this.#useBefore = this.#thread?.performance.eventLoopUtilization()
    this.#function.setEvent(JSON.parse(event.json()))
    try {
      const answer = await starting.run(this, () => this.#function.runHandler())
      return checkedAnswer(answer, this.#runtime, this.#inDocker)
    } finally {
      this.#function.setEvent(undefined)
    }
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    return (this.#thread?.performance.eventLoopUtilization(this.#useBefore).utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    await within(this.#inDocker ? END_CONTAINER_MS : END_MS, this.#lambda.cleanup())
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

/** Log object of serverless-offline, which its package does not export. */
interface FrameworkLog {
  notice(...args: unknown[]): void
}

/** Matches the line that serverless-offline writes after each successful invocation. */
const INVOCATION_LINE = /^\(λ: .*\) RequestId: /

let replaced: Promise<void> | undefined

/**
 * Removes the lines about the trigger's invocations from the log of serverless-offline, because the setting `invocationLines`
 * controls such lines.
 */
export function leaveOutInvocationLines(isOurs: () => boolean): Promise<void> {
  replaced ??= replaceNotice(isOurs)
  return replaced
}

async function replaceNotice(isOurs: () => boolean): Promise<void> {
  const log = await frameworkLog()
  if (!log) return
  const notice = log.notice.bind(log)
  log.notice = (...args) => {
    if (!(isOurs() && INVOCATION_LINE.test(String(args[0])))) notice(...args)
  }
}

/**
 * Returns the log object of serverless-offline; undefined if this version keeps it in another location, in which case the lines
 * remain.
 */
async function frameworkLog(): Promise<FrameworkLog | undefined> {
  try {
    const file = new URL('../utils/log.js', import.meta.resolve('serverless-offline/lambda'))
    return (await import(file.href)).log
  } catch {
    return undefined
  }
}

/** Members of the object by which Lambda's runtimes report an error. */
const ERROR_MEMBERS = new Set(['errorType', 'errorMessage', 'stackTrace', 'trace', 'cause', 'requestId'])

/**
 * Checks the result of a runner of serverless-offline, which may be an error or missing.
 *
 * @throws HandlerError if the handler has failed
 * @throws RuntimeEnded if there is no result
 */
export function checkedAnswer(answer: unknown, runtime: string, inDocker: boolean): unknown {
  if (inDocker && isError(answer)) throw errorOf(answer)
  if (answer === undefined && !mayBeEmpty(runtime)) throw new RuntimeEnded(noAnswer(runtime, inDocker))
  return answer
}

/**
 * Rejects a runtime that serverless-offline accepts without ever calling the handler.
 *
 * @throws RuntimeEnded with the required action in the message
 */
export function refuseUncalled(runtime: string, inDocker: boolean): void {
  if (runtime !== 'go1.x' || inDocker) return
  throw new RuntimeEnded(
    'serverless-offline does not call a go1.x handler with a Kafka event: use provided.al2023 and its option useDocker',
  )
}

/** Returns true if the answer is an error. The HTTP status cannot be used, because the container always responds with 200. */
function isError(answer: unknown): answer is Readonly<Record<string, unknown>> {
  if (!isObject(answer)) return false
  const hasType = typeof answer.errorType === 'string' && typeof answer.errorMessage === 'string'
  return hasType && Object.keys(answer).every(member => ERROR_MEMBERS.has(member))
}

function errorOf({
  errorType,
  errorMessage,
  stackTrace,
  trace = stackTrace,
}: Readonly<Record<string, unknown>>) {
  const lines = Array.isArray(trace) ? trace.map(String) : []
  return new HandlerError({ errorType: String(errorType), errorMessage: String(errorMessage), trace: lines })
}

/** Returns true if handlers of this runtime may return nothing. Handlers of other runtimes return at least null. */
function mayBeEmpty(runtime: string): boolean {
  return /^(nodejs|dotnet)/.test(runtime)
}

function noAnswer(runtime: string, inDocker: boolean): string {
  const why =
    inDocker || !runtime.startsWith('java')
      ? 'its process ended'
      : 'it threw an exception, or the JVM cannot run java-invoke-local: see the output above'
  return `the handler did not answer: ${why}`
}
