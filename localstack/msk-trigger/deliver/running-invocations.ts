import type { Part } from '../support/parts.ts'

/** An invocation without a response for this long is reported, well before its timeout. */
const SLOW_AFTER_MS = 20_000
const CHECK_EVERY_MS = 1_000

interface Running {
  readonly parts: readonly Part[]
  readonly sinceMs: number
  isReported: boolean
}

/** The running invocations. Reports each slow one once. */
export class RunningInvocations {
  readonly #running = new Set<Running>()
  readonly #onSlow: (parts: readonly Part[], forMs: number) => void
  #timer: NodeJS.Timeout | undefined

  constructor(onSlow: (parts: readonly Part[], forMs: number) => void) {
    this.#onSlow = onSlow
  }

  /** Registers an invocation. Call the returned function when it ends. */
  begin(parts: readonly Part[]): () => void {
    const invocation = { parts, sinceMs: Date.now(), isReported: false }
    this.#running.add(invocation)
    this.#timer ??= setInterval(() => this.#check(Date.now()), CHECK_EVERY_MS).unref()
    return () => {
      this.#running.delete(invocation)
    }
  }

  /** What the handlers have now. */
  get parts(): readonly Part[] {
    return [...this.#running].flatMap(({ parts }) => parts)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #check(nowMs: number): void {
    for (const invocation of this.#running) {
      if (invocation.isReported || nowMs - invocation.sinceMs < SLOW_AFTER_MS) continue
      invocation.isReported = true
      this.#onSlow(invocation.parts, SLOW_AFTER_MS)
    }
  }
}
