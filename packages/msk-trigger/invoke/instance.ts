import { type HandedOver, type Invocation, NotBegun, type Runtime, RuntimeEnded } from './runtimes/runtime.ts'

/** The time to load a handler that does not count as time of its first invocation, as in the cloud. */
const LOADING_MS = 10_000

export interface Started {
  /** Rejects with `NotBegun` if it was taken back, or if the instance is broken: another one can have it then. */
  readonly answer: Promise<unknown>
  /** Whether it was taken back: it will not run there. */
  takeBack(): boolean
}

/** One that runs, or waits for those before it. */
interface Turn {
  readonly invocation: Invocation
  readonly failed: PromiseWithResolvers<never>
  readonly onBegun: () => void
  handedOver?: HandedOver
  /** The runtime has answered it, or has given it back. */
  isOver: boolean
  timer?: NodeJS.Timeout
}

/** One instance of a function, which runs one invocation at a time. It is broken after a timeout, and when its runtime has ended. */
export class Instance {
  isBroken = false
  readonly #runtime: Runtime
  /** The first one runs. */
  readonly #line: Turn[] = []
  /** True until the first invocation has ended, because that one loads the handler. */
  #isCold = true
  #isClosed = false
  /** Whether an invocation has been answered, successfully or not. */
  #hasResponded = false
  /** Why its runtime has ended by itself. */
  #ownEnd: RuntimeEnded | undefined
  /** The instance was closed because one invocation was too late. The others have not failed by themselves. */
  #givesBack = false

  /** @param onIdleEnd called when the runtime ends by itself after it has responded. */
  constructor(runtime: Runtime, onIdleEnd: (error: Error) => void) {
    this.#runtime = runtime
    void runtime.ended.then(error => {
      this.isBroken = true
      if (!this.#isClosed) this.#ownEnd = error
      // An answer can arrive together with the end, before its turn has left the line.
      const open = this.#line.filter(turn => !turn.isOver)
      for (const turn of open) turn.failed.reject(this.#givesBack ? new NotBegun(error.message) : error)
      if (open.length === 0 && this.#ownEnd && this.#hasResponded) onIdleEnd(error)
    })
  }

  get hasRoom(): boolean {
    const isRunning = this.#line[0]?.handedOver !== undefined
    return isRunning && !this.isBroken && !this.#isClosed && (this.#runtime.room ?? 0) > 0
  }

  /** Sends an event to the handler; while another one runs, only if it has room. @param onBegun called when it runs */
  invoke(invocation: Invocation, onBegun = () => {}): Started {
    const turn: Turn = { invocation, onBegun, failed: Promise.withResolvers(), isOver: false }
    // An instance that breaks fails the one that runs, which may just have ended.
    turn.failed.promise.catch(() => {})
    this.#line.push(turn)
    return { answer: this.#answerTo(turn), takeBack: () => this.#takeBack(turn) }
  }

  /** Resolves with the handler's answer. Rejects with what the runtime throws, and RuntimeEnded at its timeout and at its end. */
  async #answerTo(turn: Turn): Promise<unknown> {
    let isBegun = true
    const isFirst = this.#line[0] === turn
    try {
      if (isFirst) await this.#load(turn.failed.promise)
      const { answer } = this.#handOver(turn)
      if (isFirst) this.#begins(turn)
      return await Promise.race([answer, turn.failed.promise])
    } catch (error) {
      // One that the runtime has not given back may have begun.
      const isGivenBack = error instanceof NotBegun && turn.isOver
      // Code that loading has started may end the runtime a moment later, and would do so each time, so it counts as a failure of
      // the first invocation.
      const endByLoading = isGivenBack && isFirst && !this.#hasResponded ? this.#ownEnd : undefined
      isBegun = !isGivenBack || endByLoading !== undefined
      throw endByLoading ?? error
    } finally {
      clearTimeout(turn.timer)
      this.#leave(turn)
      if (isBegun) this.#isCold = false
      // End it before the batch is retried: two handlers must not have the same partition. Rule 19.
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
    // The next one has begun, so the answer has been given and is on its way.
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
    const timer = setTimeout(late.resolve, LOADING_MS)
    await Promise.race([loading, late.promise, failed]).finally(() => clearTimeout(timer))
  }

  get isLoading(): boolean {
    const [first] = this.#line
    return first !== undefined && first.handedOver === undefined
  }

  /** Whether its invocation uses a processor, rather than waiting for I/O. */
  get isComputing(): boolean {
    return this.#isCold || this.#runtime.isComputing
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#runtime.close()
  }
}
