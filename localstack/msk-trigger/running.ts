import type { Part } from './parts.ts'

/** An invocation without an answer for this long is worth a line, and long before its timeout. */
const LONG_MS = 20_000
const LOOK_EVERY_MS = 1_000

interface Running {
  readonly parts: readonly Part[]
  readonly sinceMs: number
  isTold: boolean
}

/** The invocations that have not answered yet; tells once of each that takes long. */
export class RunningInvocations {
  readonly #running = new Set<Running>()
  readonly #onLong: (parts: readonly Part[], forMs: number) => void
  #timer: NodeJS.Timeout | undefined

  constructor(onLong: (parts: readonly Part[], forMs: number) => void) {
    this.#onLong = onLong
  }

  /** An invocation begins. Returns what to call at its end. */
  begin(parts: readonly Part[]): () => void {
    const one = { parts, sinceMs: Date.now(), isTold: false }
    this.#running.add(one)
    this.#timer ??= setInterval(() => this.#look(Date.now()), LOOK_EVERY_MS).unref()
    return () => {
      this.#running.delete(one)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(nowMs: number): void {
    for (const one of this.#running) {
      if (one.isTold || nowMs - one.sinceMs < LONG_MS) continue
      one.isTold = true
      this.#onLong(one.parts, LONG_MS)
    }
  }
}
