/** All that is published, round after round, and where it ends. Pure. */
import type { Recorded } from './recorded.ts'

/** One thing to publish, in its round. */
export interface Item extends Recorded {
  /** Delay of its round after the first, in milliseconds. */
  readonly roundMs: number
  /** The latest time so far, of this round: an append time for what comes from no log. */
  readonly latestMs: number | undefined
}

export interface Limits {
  /** How often the recording is published; `Infinity` is forever. */
  readonly loop: number
  /** Time from the beginning of one round to that of the next, in milliseconds. */
  readonly periodMs: number
  /** The maximum number of items of all rounds; `Infinity` is all. */
  readonly limit: number
  /** How much recorded time of all rounds, in milliseconds; `Infinity` is all. */
  readonly forMs: number
  /** Number of the remaining items that are skipped. */
  readonly skip: number
  /** How many items a round has, if that is known: whole rounds are then passed over without reading them. */
  readonly roundCount?: number | undefined
  /** The first time of the recording, if it is known. */
  readonly firstMs?: number | undefined
}

/**
 * The items of each round, within the limits.
 *
 * @param open reads the recording from its beginning
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
    // Nothing is in it, so nothing will be in another round.
    if (cutter.taken === before) return
  }
}

class Cutter {
  readonly #limits: Limits
  #firstMs: number | undefined
  #roundMs = 0
  #latestMs: number | undefined
  isOver = false
  /** Items within the limits, with those that are passed over. */
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

/** Used where the distance of items is unknown. */
const USUAL_GAP_MS = 1_000

/** How long one round takes: from its first time to its latest, and as much longer as items are apart on average. */
export function periodOf(spanMs: number, count: number): number {
  const gapMs = count > 1 && spanMs > 0 ? Math.max(1, Math.round(spanMs / (count - 1))) : USUAL_GAP_MS
  return spanMs + gapMs
}
