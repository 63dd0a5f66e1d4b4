/** Determines the sequence of items over several rounds of a recording, within limits. Pure. */
import type { Recorded } from './recorded.ts'

/** Item to publish in one of the rounds. */
export interface Item extends Recorded {
  /** Time between the start of the first round and the start of this round, in milliseconds. */
  readonly roundMs: number
  /** Latest recorded time so far in this round. It is used as the append time of items that are not from a log. */
  readonly latestMs: number | undefined
}

export interface Limits {
  /** Number of rounds. `Infinity` repeats the recording forever. */
  readonly loop: number
  /** Time between the start of a round and the start of the next one, in milliseconds. */
  readonly periodMs: number
  /** Maximum number of items in all rounds; `Infinity` for no limit. */
  readonly limit: number
  /** Maximum duration of all rounds together, in milliseconds of recorded time; `Infinity` for no limit. */
  readonly forMs: number
  /** Number of items that are skipped at the start. */
  readonly skip: number
  /** Number of items in a round, if known. Whole rounds can then be skipped without reading them. */
  readonly roundCount?: number | undefined
  /** First recorded time, if known. */
  readonly firstMs?: number | undefined
}

/**
 * Yields the items of all rounds within the limits.
 *
 * @param open opens the recording at its beginning
 */
export async function* sequence(
  open: () => AsyncIterable<readonly Recorded[]>,
  limits: Limits,
): AsyncGenerator<readonly Item[]> {
  const { loop, skip, roundCount = 0 } = limits
  const firstRound = roundCount > 0 ? Math.floor(skip / roundCount) : 0
  const cutter = new Cutter(limits, firstRound * roundCount)
  for (let round = firstRound; round < loop && !cutter.isOver; round++) {
    const before = cutter.taken
    cutter.begin(round)
    for await (const group of open()) {
      const items = cutter.cut(group)
      if (items.length > 0) yield items
      if (cutter.isOver) return
    }
    // An empty round means that all further rounds would be empty as well.
    if (cutter.taken === before) return
  }
}

class Cutter {
  readonly #limits: Limits
  #firstMs: number | undefined
  #roundMs = 0
  #latestMs: number | undefined
  isOver = false
  /** Number of items within the limits so far, including skipped items. */
  taken: number

  constructor(limits: Limits, taken: number) {
    this.#limits = limits
    this.#firstMs = limits.firstMs
    this.taken = taken
    this.isOver = taken >= limits.limit
  }

  begin(round: number): void {
    this.#roundMs = round * this.#limits.periodMs
    this.#latestMs = undefined
  }

  cut(group: readonly Recorded[]): Item[] {
    const items: Item[] = []
    for (const recorded of group) {
      const item = this.#item(recorded)
      if (this.#isBeyond(item)) {
        this.isOver = true
        break
      }
      this.taken++
      if (this.taken > this.#limits.skip) items.push(item)
    }
    return items
  }

  #item(recorded: Recorded): Item {
    const { paceMs } = recorded
    if (paceMs !== undefined) this.#latestMs = Math.max(this.#latestMs ?? paceMs, paceMs)
    return {
      ...recorded,
      paceMs: paceMs === undefined ? undefined : paceMs + this.#roundMs,
      roundMs: this.#roundMs,
      latestMs: this.#latestMs,
    }
  }

  #isBeyond({ paceMs }: Item): boolean {
    if (this.taken >= this.#limits.limit) return true
    if (paceMs === undefined) return false
    this.#firstMs ??= paceMs
    return paceMs - this.#firstMs >= this.#limits.forMs
  }
}

/** Assumed time between two items, in milliseconds, if it cannot be computed. */
const USUAL_GAP_MS = 1_000

/**
 * Returns the duration of one round in milliseconds. It is the time from the first to the latest item, plus the average time
 * between two items.
 */
export function periodOf(spanMs: number, count: number): number {
  const gapMs = count > 1 && spanMs > 0 ? Math.max(1, Math.round(spanMs / (count - 1))) : USUAL_GAP_MS
  return spanMs + gapMs
}
