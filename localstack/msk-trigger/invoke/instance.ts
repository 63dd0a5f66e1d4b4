import { type Invocation, type Runtime, RuntimeEnded } from './runtimes/runtime.ts'

/**
 * The time to load a handler that does not count as time of its first invocation, as in the cloud.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
 */
const LOADING_MS = 10_000

/** One instance of a function, which runs one invocation at a time. It is broken after a timeout, and when its runtime has ended. */
export class Instance {
  isBroken = false
  readonly #runtime: Runtime
  /** Fails the invocation that is running. */
  #fail: ((error: Error) => void) | undefined
  /** True until the first invocation has ended, because that one loads the handler. */
  #isCold = true
  #isClosed = false

  /** @param onIdleEnd called when the runtime ends by itself after it has responded. */
  constructor(runtime: Runtime, onIdleEnd: (error: Error) => void) {
    this.#runtime = runtime
    void runtime.ended.then(error => {
      this.isBroken = true
      if (this.#fail) this.#fail(error)
      else if (!this.#isClosed) onIdleEnd(error)
    })
  }

  /**
   * Resolves with the handler's answer to an event.
   *
   * @throws what the runtime throws, and RuntimeEnded at its timeout and at its end
   */
  async invoke(what: Omit<Invocation, 'deadlineMs'>, timeoutMs: number): Promise<unknown> {
    const failed = Promise.withResolvers<never>()
    this.#fail = failed.reject
    const tooLate = () => {
      this.isBroken = true
      failed.reject(new RuntimeEnded(`timeout: the handler took longer than ${timeoutMs} ms`))
    }
    let timer: NodeJS.Timeout | undefined
    try {
      await this.#load(failed.promise)
      if (Number.isFinite(timeoutMs)) timer = setTimeout(tooLate, timeoutMs)
      const answer = this.#runtime.invoke({ ...what, deadlineMs: Date.now() + timeoutMs })
      return await Promise.race([answer, failed.promise])
    } finally {
      clearTimeout(timer)
      this.#fail = undefined
      this.#isCold = false
      // End it before the batch is retried: two handlers must not have the same partition. Rule 19.
      if (this.isBroken) await this.close()
    }
  }

  async #load(failed: Promise<never>): Promise<void> {
    const loading = this.#runtime.load?.()
    if (!loading) return
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, LOADING_MS)
    await Promise.race([loading, late.promise, failed]).finally(() => clearTimeout(timer))
  }

  /** Whether its invocation uses a processor, rather than waiting for I/O. */
  get isComputing(): boolean {
    return this.#isCold || this.#runtime.isComputing
  }

  /** Ends its runtime. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#runtime.close()
  }
}
