import { type HandedOver, type Invocation, NotBegun, type Runtime, RuntimeEnded } from './runtimes/runtime.ts'

/**
 * Time for loading a handler that is not counted towards the timeout of its first invocation, as in the cloud. In milliseconds. A
 * thread that computes has it up to sixty times, because a busy machine is slower than the cloud.
 */
const LOADING_MS = 10_000
const LOADING_TIMES = 60

export interface Started {
  /**
   * Result of the invocation. Rejects with `NotBegun` if the invocation was taken back or the instance is broken; another instance
   * can then run it.
   */
  readonly answer: Promise<unknown>
  /** Takes back an invocation that has not begun. Returns true if the invocation will not run on this instance. */
  takeBack(): boolean
}

/** Invocation that is running, or waiting for earlier invocations. */
interface Turn {
  readonly invocation: Invocation
  readonly failed: PromiseWithResolvers<never>
  readonly onBegun: () => void
  handedOver?: HandedOver
  /** True once the runtime has answered the invocation or returned it unprocessed. */
  isOver: boolean
  timer?: NodeJS.Timeout
}

/**
 * Instance of a function, which runs one invocation at a time. The instance is broken after a timeout, or when its runtime has
 * ended.
 */
export class Instance {
  isBroken = false
  readonly #runtime: Runtime
  /** Invocations in the order of their arrival. The first one is running. */
  readonly #line: Turn[] = []
  /** True until the first invocation has ended, because that invocation loads the handler. */
  #isCold = true
  #isClosed = false
  /** True once an invocation has been answered, successfully or not. */
  #hasResponded = false
  /** Reason why the runtime has ended without being closed. */
  #ownEnd: RuntimeEnded | undefined
  /**
   * True if the instance was closed because one invocation took too long. The other invocations have not failed, and can run on
   * another instance.
   */
  #givesBack = false

  /** @param onIdleEnd called if the runtime, after responding at least once, ends without having been closed */
  constructor(runtime: Runtime, onIdleEnd: (error: Error) => void) {
    this.#runtime = runtime
    void runtime.termination.then(error => {
      this.isBroken = true
      if (!this.#isClosed) this.#ownEnd = error
      // An answer can arrive together with the end of the runtime, before its invocation is removed from `#line`.
      const open = this.#line.filter(turn => !turn.isOver)
      for (const turn of open) turn.failed.reject(this.#givesBack ? new NotBegun(error.message) : error)
      if (open.length === 0 && this.#ownEnd && this.#hasResponded) onIdleEnd(error)
    })
  }

  get hasRoom(): boolean {
    const isRunning = this.#line[0]?.handedOver !== undefined
    return isRunning && !this.isBroken && !this.#isClosed && (this.#runtime.room ?? 0) > 0
  }

  /**
   * Sends an event to the handler. While another invocation is running, call this only if the instance has room for more.
   *
   * @param onBegun called when the invocation begins
   */
  invoke(invocation: Invocation, onBegun = () => {}): Started {
    const turn: Turn = { invocation, onBegun, failed: Promise.withResolvers(), isOver: false }
    // Avoid an unhandled rejection: an instance that breaks rejects its running invocation, which may just have ended.
    turn.failed.promise.catch(() => {})
    this.#line.push(turn)
    return { answer: this.#answerTo(turn), takeBack: () => this.#takeBack(turn) }
  }

  /**
   * Resolves to the handler's answer. Rejects with the error of the runtime. After a timeout, or when the runtime has ended,
   * rejects with RuntimeEnded.
   */
  async #answerTo(turn: Turn): Promise<unknown> {
    let isBegun = true
    const isFirst = this.#line[0] === turn
    try {
      if (isFirst) await this.#load(turn.failed.promise)
      const { answer } = this.#handOver(turn)
      if (isFirst) this.#begins(turn)
      return await Promise.race([answer, turn.failed.promise])
    } catch (error) {
      // An invocation may have begun unless the runtime has returned it unprocessed.
      const isGivenBack = error instanceof NotBegun && turn.isOver
      // Loading the handler may start code that ends the runtime a moment later, each time it is loaded. Therefore such an end
      // counts as a failure of the first invocation.
      const endByLoading = isGivenBack && isFirst && !this.#hasResponded ? this.#ownEnd : undefined
      isBegun = !isGivenBack || endByLoading !== undefined
      throw endByLoading ?? error
    } finally {
      clearTimeout(turn.timer)
      this.#leave(turn)
      if (isBegun) this.#isCold = false
      // End the instance before the batch is retried, because two handlers must not process the same
      // partition (rule 19 in `RULES.md`).
      if (this.isBroken && isBegun) {
        this.#givesBack = true
        await this.close()
      }
    }
  }

  #handOver(turn: Turn): HandedOver {
    const { invocation } = turn
    const handedOver = this.#runtime.handOver?.(invocation) ?? {
      answer: this.#runtime.invoke(invocation),
      hasBegun: () => true,
      takeBack: () => false,
    }
    const over = (error?: unknown) => {
      turn.isOver = true
      if (!(error instanceof NotBegun)) this.#hasResponded = true
    }
    handedOver.answer.then(() => over(), over)
    turn.handedOver = handedOver
    return handedOver
  }

  #begins(turn: Turn): void {
    const { timeoutMs } = turn.invocation
    if (Number.isFinite(timeoutMs)) turn.timer = setTimeout(() => this.#tooLate(turn), timeoutMs)
    turn.onBegun()
  }

  #tooLate({ failed, invocation }: Turn): void {
    // The next invocation has begun, so the answer to this one was already sent.
    if (this.#line[1]?.handedOver?.hasBegun()) return
    this.isBroken = true
    failed.reject(new RuntimeEnded(`timeout: the handler took longer than ${invocation.timeoutMs} ms`))
  }

  #leave(turn: Turn): void {
    const wasFirst = this.#line[0] === turn
    this.#line.splice(this.#line.indexOf(turn), 1)
    const [next] = this.#line
    if (wasFirst && next && !this.isBroken) this.#begins(next)
  }

  #takeBack(turn: Turn): boolean {
    return turn !== this.#line[0] && turn.handedOver?.takeBack() === true
  }

  async #load(failed: Promise<never>): Promise<void> {
    const loading = this.#runtime.load?.()
    if (!loading) return
    const late = Promise.withResolvers<void>()
    let times = 0
    const look = () => {
      times += 1
      if (!this.#runtime.isComputing || times === LOADING_TIMES) late.resolve()
    }
    const timer = setInterval(look, LOADING_MS)
    await Promise.race([loading, late.promise, failed]).finally(() => clearInterval(timer))
  }

  get isLoading(): boolean {
    const [first] = this.#line
    return first !== undefined && first.handedOver === undefined
  }

  /** True if the running invocation is computing rather than waiting for I/O. */
  get isComputing(): boolean {
    return this.#isCold || this.#runtime.isComputing
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#runtime.close()
  }
}
