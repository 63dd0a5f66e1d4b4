/**
 * Counts unacknowledged records, so that a flush waits for records that were published before the flush, but not for later records.
 */
import type { Clock } from '../adapters/system.ts'

export class Outstanding {
  readonly #clock: Clock
  /** Number of unsettled records by generation. Each flush begins a new generation. */
  readonly #counts = new Map<number, number>()
  #generation = 0
  #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Number of generations with unsettled records. */
  get generations(): number {
    return this.#counts.size
  }

  add(): number {
    this.#counts.set(this.#generation, (this.#counts.get(this.#generation) ?? 0) + 1)
    return this.#generation
  }

  settle(generation: number): void {
    const left = (this.#counts.get(generation) ?? 0) - 1
    if (left > 0) {
      this.#counts.set(generation, left)
      return
    }
    this.#counts.delete(generation)
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }

  /**
   * Waits until all records that are outstanding at the call are settled.
   *
   * @returns the number of records that are not settled after `withinMs`
   */
  async drained(withinMs: number): Promise<number> {
    const generation = this.#generation++
    const untilMs = this.#clock.nowMs() + withinMs
    for (
      let leftMs = withinMs;
      this.#upTo(generation) > 0 && leftMs > 0;
      leftMs = untilMs - this.#clock.nowMs()
    ) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      const cancel = this.#clock.after(leftMs, resolve)
      await promise
      cancel()
    }
    return this.#upTo(generation)
  }

  #upTo(generation: number): number {
    let sum = 0
    for (const [one, count] of this.#counts) if (one <= generation) sum += count
    return sum
  }
}
