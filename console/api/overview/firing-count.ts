/** How many alerts fire. Counting reads each of them: where there are thousands, that is not done every two seconds. */

/** How old a count may be where the view tells of nothing new. */
const EVERY_MS = 10_000

export class FiringCount {
  readonly #count: () => Promise<number>
  #known = 0
  #applied: string | undefined
  #atMs = Number.NEGATIVE_INFINITY

  constructor(count: () => Promise<number>) {
    this.#count = count
  }

  /**
   * Counts where the number may have changed since it was counted.
   *
   * @param applied changes whenever the view of firing alerts has applied records; undefined if that is not known
   * @throws as counting does
   */
  async at(nowMs: number, applied: string | undefined): Promise<number> {
    const hasChanged = applied !== undefined && applied !== this.#applied
    if (!hasChanged && nowMs - this.#atMs < EVERY_MS) return this.#known
    this.#known = await this.#count()
    this.#applied = applied
    this.#atMs = nowMs
    return this.#known
  }
}
