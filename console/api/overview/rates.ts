/** How fast counters grow. */
import type { History, Values } from './shapes.ts'

/** Counters by name at one moment; each only grows, unless its source is reset. */
export interface Counted {
  readonly atMs: number
  readonly counters: Readonly<Record<string, number | null>>
}

/** Consumers commit once for each batch: over a shorter time, a steady flow would look like a pulse. */
const OVER_MS = 10_000

/** The last looks at counters, as far back as a rate needs. */
export class Rates {
  #looks: Counted[] = []

  /** Returns the growth of each per second; null for one that is new, or was reset. */
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

/** Five minutes of looks, at one every two seconds. */
const MAX_SAMPLES = 150

export class SampleHistory {
  readonly #samples: { readonly atMs: number; readonly values: Values }[] = []

  add(atMs: number, values: Values): void {
    this.#samples.push({ atMs, values })
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  /** A name that a sample does not have is null there. */
  get columns(): History {
    const names = [...new Set(this.#samples.flatMap(({ values }) => Object.keys(values)))]
    return {
      atMs: this.#samples.map(({ atMs }) => atMs),
      values: Object.fromEntries(
        names.map(name => [name, this.#samples.map(({ values }) => values[name] ?? null)]),
      ),
    }
  }
}
