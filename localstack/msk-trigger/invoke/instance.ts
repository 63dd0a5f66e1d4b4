import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from '../support/framework.ts'
import { within } from '../support/wait.ts'

/** An invocation ended without a response: its thread ended, or its time was up. */
class HandlerEnded extends Error {
  override readonly name = 'HandlerEnded'
}

/** Upper bound for terminating a thread. Termination is immediate, so only a defect reaches this bound. */
const END_MS = 1_000

/** The instance that is starting a thread. */
const starting = new AsyncLocalStorage<Instance>()

/**
 * One instance of a function, which runs one invocation at a time. It uses serverless-offline's own runner and the
 * thread that this runner starts. The runner does not watch its thread: an uncaught exception would end the whole
 * process, and `process.exit` in a handler would leave the invocation hanging. Here both fail the invocation. The
 * runner's own timer is not used because it outlives the invocation; at thousands of invocations a second, such timers
 * pile up for more than a minute.
 *
 * After such a failure serverless-offline would treat the instance as busy forever. Each instance therefore has a
 * serverless-offline pool of its own and is discarded with it.
 */
export class Instance {
  isBroken = false
  readonly #lambda: Lambda
  readonly #function: LambdaFunction
  #fail: ((error: Error) => void) | undefined
  #thread: Worker | undefined
  #useBefore: EventLoopUtilization | undefined
  #isClosed = false
  readonly #onIdleEnd: (error: Error) => void
  /** True until the first invocation has ended, because that one loads the handler. */
  #isCold = true

  /** @param onIdleEnd called when the thread ends by itself after it has responded. */
  constructor(
    serverless: Serverless,
    options: Readonly<Record<string, unknown>>,
    functionKey: string,
    onIdleEnd: (error: Error) => void,
  ) {
    this.#onIdleEnd = onIdleEnd
    this.#lambda = new Lambda(serverless, { ...options, noTimeout: true })
    this.#lambda.create([{ functionKey, functionDefinition: serverless.service.getFunction(functionKey) }])
    this.#function = this.#lambda.get(functionKey)
  }

  /** Resolves with the handler's return value. Rejects on its error, its timeout, or the end of its thread. */
  async invoke(event: unknown, timeoutMs: number): Promise<unknown> {
    const ended = Promise.withResolvers<never>()
    // The end of a thread can be signalled after the invocation was settled.
    ended.promise.catch(() => {})
    const fail = (error: Error) => {
      this.isBroken = true
      ended.reject(error)
    }
    const tooLate = () => fail(new HandlerEnded(`timeout: the handler took longer than ${timeoutMs} ms`))
    const timer = Number.isFinite(timeoutMs) ? setTimeout(tooLate, timeoutMs) : undefined
    this.#fail = fail
    this.#useBefore = this.#thread?.performance.eventLoopUtilization()
    try {
      this.#function.setEvent(event)
      return await Promise.race([starting.run(this, () => this.#function.runHandler()), ended.promise])
    } finally {
      clearTimeout(timer)
      this.#fail = undefined
      this.#isCold = false
      this.#function.setEvent(undefined)
      // End the thread before the batch is retried: two handlers must not have the same partition. Rule 19.
      if (this.isBroken) await this.close()
    }
  }

  /** Whether its invocation uses a processor, rather than waiting for I/O. */
  get isComputing(): boolean {
    return this.#isCold || (this.#use?.utilization ?? 0) > 0.5
  }

  get #use(): EventLoopUtilization | undefined {
    return this.#thread?.performance.eventLoopUtilization(this.#useBefore)
  }

  /** Terminates the thread. */
  async close(): Promise<void> {
    this.#isClosed = true
    await within(END_MS, this.#lambda.cleanup())
  }

  watch(worker: Worker): void {
    this.#thread = worker
    let cause: unknown
    // This listener also keeps an uncaught exception of the thread from ending this process.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      const what =
        cause === undefined ? `ended its process with exit code ${code}` : 'threw an uncaught exception'
      this.isBroken = true
      const error = new HandlerEnded(`the handler ${what}`, { cause })
      if (this.#fail) this.#fail(error)
      else if (!this.#isClosed) this.#onIdleEnd(error)
    })
  }
}

/** Listener for `process.on('worker')`: hands a new thread to the instance that started it. */
export function watchThread(worker: Worker): void {
  starting.getStore()?.watch(worker)
}
