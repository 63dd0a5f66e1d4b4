/**
 * An outage that concerns every event source of a run, such as brokers that do not answer. The first source that reaches an
 * attempt logs it for all.
 */
export class Outage {
  readonly #logged = new Set<number>()

  /** Whether no source has logged this attempt yet. */
  isNews(attempt: number): boolean {
    const isNews = !this.#logged.has(attempt)
    this.#logged.add(attempt)
    return isNews
  }

  /** A source reads again: what follows is another outage. */
  over(): void {
    this.#logged.clear()
  }
}
