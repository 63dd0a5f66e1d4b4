/** Shares what is left of an invocation between records that have not been offered yet, and further tries of those that failed. */
import { TRIES, waitAfterMs } from './tries.ts'

const WAITS_MS = Array.from({ length: TRIES - 1 }, (_, index) => waitAfterMs(index + 1)).reduce(
  (sum, ms) => sum + ms,
  0,
)

export class Pace {
  readonly #leftMs: () => number
  /** How long the offers in vain of this round took. */
  #failedMs = 0
  #hasFailed = false
  #longestMs = 0

  /** @param leftMs the time left in which an offer may begin */
  constructor(leftMs: () => number) {
    this.#leftMs = leftMs
  }

  begin(): void {
    this.#failedMs = 0
    this.#hasFailed = false
  }

  /** Notes an offer; one of a batch that must be divided says nothing of any one record. */
  took(ms: number, result: 'taken' | 'failed' | 'to-divide'): void {
    this.#longestMs = Math.max(this.#longestMs, ms)
    if (result !== 'taken') this.#failedMs += ms
    if (result === 'failed') this.#hasFailed = true
  }

  /** Whether those that failed in this round can be offered again after a wait, if that takes as long as it did. */
  fitsAgain(waitMs: number): boolean {
    return this.#leftMs() >= waitMs + this.#failedMs
  }

  /** Whether another record could fail, and all that have failed so far could still have all their tries. */
  get fitsAnother(): boolean {
    if (!this.#hasFailed) return true
    return this.#leftMs() >= (TRIES - 1) * this.#failedMs + TRIES * this.#longestMs + WAITS_MS
  }
}
