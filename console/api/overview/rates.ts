/** How fast counters grow. */

/** Counters by name at one moment; each only grows, unless what it counts begins anew. */
export interface Counted {
  readonly atMs: number
  readonly counters: Readonly<Record<string, number | null>>
}

/** Consumers commit once for each batch: over a shorter time, a steady flow would look like a pulse. */
const OVER_MS = 10_000

/** The last looks at counters, as far back as a rate needs. */
export class Rates {
  #looks: Counted[] = []

  /** How fast each grows a second; null where it was not known before, or has begun anew. */
  next(now: Counted): Record<string, number | null> {
    this.#looks = [...this.#looks.filter(({ atMs }) => now.atMs - atMs <= OVER_MS), now]
    return Object.fromEntries(
      Object.entries(now.counters).map(([name, count]) => [name, this.#rateOf(name, count, now.atMs)]),
    )
  }

  #rateOf(name: string, count: number | null, atMs: number): number | null {
    if (count === null) return null
    const first = this.#looks.find(look => typeof look.counters[name] === 'number')
    const before = first?.counters[name]
    if (!first || typeof before !== 'number' || first.atMs === atMs || before > count) return null
    return ((count - before) * 1_000) / (atMs - first.atMs)
  }
}
