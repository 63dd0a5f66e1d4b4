/** Facts that may be of the past: a fact that cannot be read now is the last known value, with its time, and never a good one. */
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Age of a fact. `now`: it was read for this answer, or just before. `loading`: it is still being read. `away`: it cannot be read.
 * A value is then the last known one.
 */
export type Currency = 'now' | 'loading' | 'away'

/** A fact, as far as it is known. */
export interface Known<T> {
  /** Newest value that was read; null if there is none. */
  readonly value: T | null
  /** Time at which it was read, in milliseconds since the epoch; null without a value. */
  readonly asOfMs: number | null
  readonly state: Currency
}

/** A value, or the reason why it is missing. An undefined value is not known yet. */
export type ServerAnswer<T> =
  | { readonly value: T | undefined; readonly problem: null }
  | { readonly value: undefined; readonly problem: string }

/** Time for which a value is reused, in milliseconds. Pages that ask at the same time share one. */
const REUSED_MS = 1_000
/** Age up to which a value is still of now while the next one is being read, in milliseconds. */
const FRESH_MS = 10_000

/** Reads a fact again and again, at most once at a time, and keeps the last known value. */
export class FactReader<T> {
  #value: T | null = null
  #asOfMs: number | null = null
  #problem: string | null = null
  #isMissing = true
  #reading: Promise<void> | undefined

  /** Reason why the value could not be read last; null if it could. */
  get problem(): string | null {
    return this.#problem
  }

  /**
   * Returns the fact. A read that takes longer is left to the next call.
   *
   * @param read returns the value, and rejects only with unexpected errors, which this method passes on
   */
  async read(withinMs: number, read: () => Promise<ServerAnswer<T>>): Promise<Known<T>> {
    const isReused =
      !this.#isMissing && this.#problem === null && Date.now() - (this.#asOfMs ?? 0) < REUSED_MS
    if (isReused) return this.last('now')
    this.#reading ??= this.#read(read)
    const isRead = await Promise.race([
      this.#reading.then(() => true),
      pause(withinMs, false, { ref: false }),
    ])
    if (this.#problem !== null) return this.last('away')
    const isFresh = Date.now() - (this.#asOfMs ?? 0) < FRESH_MS
    return this.last((isRead || isFresh) && !this.#isMissing ? 'now' : 'loading')
  }

  /** Returns the last known value. */
  last(state: Currency): Known<T> {
    return { value: this.#value, asOfMs: this.#asOfMs, state }
  }

  async #read(read: () => Promise<ServerAnswer<T>>): Promise<void> {
    const atMs = Date.now()
    try {
      const { value, problem } = await read()
      this.#problem = problem
      this.#isMissing = value === undefined
      if (value === undefined) return
      this.#value = value
      this.#asOfMs = atMs
    } finally {
      this.#reading = undefined
    }
  }
}

const RANKS: readonly Currency[] = ['now', 'loading', 'away']

/** Returns a fact that follows from others: it is as old as the oldest of them, and unknown if one is. Pure. */
export function combineKnown<A, B, T>(
  one: Known<A>,
  two: Known<B>,
  combine: (one: A, two: B) => T | null,
): Known<T> {
  const value = one.value === null || two.value === null ? null : combine(one.value, two.value)
  const state = RANKS[Math.max(RANKS.indexOf(one.state), RANKS.indexOf(two.state))] as Currency
  const asOfMs = value === null ? null : Math.min(one.asOfMs ?? 0, two.asOfMs ?? 0)
  return { value, asOfMs, state }
}
