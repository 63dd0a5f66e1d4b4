/** Tells what is worth a line: the first of its kind, and then one a minute with how many there were. */
export class Repeats {
  readonly #everyMs: number
  readonly #now: () => number
  readonly #seen = new Map<string, { saidAtMs: number; unsaid: number }>()

  constructor(everyMs = 60_000, now: () => number = Date.now) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** How many have gone unsaid, where this one should be said; undefined where it should not. */
  due(kind: string): number | undefined {
    const nowMs = this.#now()
    const seen = this.#seen.get(kind)
    if (seen && nowMs - seen.saidAtMs < this.#everyMs) {
      seen.unsaid++
      return undefined
    }
    this.#seen.set(kind, { saidAtMs: nowMs, unsaid: 0 })
    return seen?.unsaid ?? 0
  }
}
