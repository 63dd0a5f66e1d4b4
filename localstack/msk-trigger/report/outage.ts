/** An outage that concerns every event source, such as a broker that is away. The first source that reaches an attempt logs it for all. */
export class Outage {
  readonly #logged = new Set<number>()

  /** Whether no source has logged this attempt yet. */
  isNews(attempt: number): boolean {
    const isNews = !this.#logged.has(attempt)
    this.#logged.add(attempt)
    return isNews
  }

  over(): void {
    this.#logged.clear()
  }
}
