/**
 * Rate limit for log lines. Allows the first line of each kind, and then one line per minute, which contains the number of omitted
 * lines.
 */
export class LogRateLimit {
  readonly #everyMs: number
  readonly #now: () => number
  readonly #seen = new Map<string, { saidAtMs: number; unsaid: number }>()

  constructor(everyMs = 60_000, now: () => number = Date.now) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** Returns undefined if a line must be omitted; otherwise the number of lines that were omitted before it. */
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
