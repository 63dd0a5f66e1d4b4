import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from './framework.ts'
import { within } from './wait.ts'

/** An invocation that came to no answer: the handler's thread ended, or its time was over. */
class HandlerEnded extends Error {
  override readonly name = 'HandlerEnded'
}

/** A thread that is terminated ends at once, whatever it does; this is only reached by a fault. */
const END_MS = 1_000

/** The instance in whose course a thread is started. */
const starting = new AsyncLocalStorage<Instance>()

/**
 * One copy of a function, which runs one invocation at a time: serverless-offline's own runner, with the thread that
 * it starts. That runner does not watch the thread, so an exception that nobody catches would end the whole process,
 * and `process.exit` in a handler would leave the invocation hanging; here both fail it. Its own timer is not used:
 * it is not ended with the invocation, and at thousands of invocations a second they pile up for a minute and more.
 *
 * What failed in such a way is broken: serverless-offline holds it for busy for ever. So each instance has a pool of
 * serverless-offline's to itself, and is given up together with it.
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
  /** Until its first invocation has ended, it loads the handler. */
  #isCold = true

  /** @param onIdleEnd told when the thread ends by itself after it has answered. */
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

  /** Resolves with what the handler returned; rejects on its error, its timeout, or the end of its thread. */
  async invoke(event: unknown, timeoutMs: number): Promise<unknown> {
    const ended = Promise.withResolvers<never>()
    // An ended thread can be told after the invocation was settled.
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
      // Before the batch can come again: two handlers must not have the same partition. Rule 19.
      if (this.isBroken) await this.close()
    }
  }

  /** Whether its invocation needs a processor, rather than waiting for something. */
  get isComputing(): boolean {
    return this.#isCold || (this.#use?.utilization ?? 0) > 0.5
  }

  get #use(): EventLoopUtilization | undefined {
    return this.#thread?.performance.eventLoopUtilization(this.#useBefore)
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true
    await within(END_MS, this.#lambda.cleanup())
  }

  watch(worker: Worker): void {
    this.#thread = worker
    let cause: unknown
    // This listener is also what keeps an uncaught exception of the thread from ending this process.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      const what =
        cause === undefined ? `ended its process with exit code ${code}` : 'let an exception escape'
      this.isBroken = true
      const error = new HandlerEnded(`the handler ${what}`, { cause })
      if (this.#fail) this.#fail(error)
      else if (!this.#isClosed) this.#onIdleEnd(error)
    })
  }
}

/** For `process.on('worker')`: tells the thread to the instance that has started it. */
export function watchThread(worker: Worker): void {
  starting.getStore()?.watch(worker)
}
