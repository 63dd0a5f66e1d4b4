/** Rate limit for log lines: the first of each kind, and then one per minute with the number of omitted ones. */
export class Repeats {
  readonly #everyMs: number
  readonly #now: () => number
  readonly #seen = new Map<string, { saidAtMs: number; unsaid: number }>()

  constructor(everyMs = 60_000, now: () => number = Date.now) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** Returns the number of omitted lines if this one should be logged; otherwise undefined. */
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
