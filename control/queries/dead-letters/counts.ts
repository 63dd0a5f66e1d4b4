/** Maximum number of names that are counted separately. Clients choose the names, so any further names are counted together. */
const MAX_NAMES = 200
const OTHERS = '(others)'

/** Counts by name, with limited memory. */
export class Counts {
  readonly #counts = new Map<string, number>()
  total = 0

  add(name: string): void {
    const counted = this.#counts.has(name) || this.#counts.size < MAX_NAMES ? name : OTHERS
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1)
    this.total += 1
  }

  /** Returns the counts, the highest first. */
  byFrequency(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([, a], [, b]) => b - a))
  }
}
