/** Growth rates of counters. */
import type { History, Values } from './shapes.ts'

/** Counters by name at a point in time. A counter never decreases unless its source is reset. */
export interface Counted {
  readonly atMs: number
  readonly counters: Readonly<Record<string, number | null>>
}

/**
 * Time over which rates are averaged, in milliseconds. Consumers commit once per batch, so a shorter time would show a constant
 * load as spikes.
 */
const OVER_MS = 10_000

/** Computes rates from the recent samples. */
export class Rates {
  #looks: Counted[] = []

  /** Returns the growth of each counter per second; null for a new or reset counter. */
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

/** Number of samples in five minutes, with one sample every two seconds. */
const MAX_SAMPLES = 150

export class SampleHistory {
  readonly #samples: { readonly atMs: number; readonly values: Values }[] = []

  add(atMs: number, values: Values): void {
    this.#samples.push({ atMs, values })
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  /** Returns a column of values for each name, with null for samples that have no value. */
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
