/**
 * Recognises copies of dead letters. If dlq-router is killed after it has published and before it has trimmed its outbox, the next
 * invocation publishes the same events again, soon after the first ones and to the same partition. Pure.
 */
import type { FoundDeadLetter } from './dead-letter-records.ts'

/** As many as a few chunks of the router have. */
const MOST_REMEMBERED = 1_000

/** The newest dead letters of one partition of the dlq topic. */
export class LetterCopies {
  readonly #newest: Set<string>

  /** @param newest what `stored` gave before */
  constructor(newest: readonly string[] = []) {
    this.#newest = new Set(newest)
  }

  /** Whether one of the newest has the same source and id; remembers it otherwise. */
  isCopy({ event: { source, id } }: Pick<FoundDeadLetter, 'event'>): boolean {
    const name = `${source} ${id}`
    if (this.#newest.has(name)) return true
    this.#newest.add(name)
    const [oldest] = this.#newest
    if (this.#newest.size > MOST_REMEMBERED && oldest !== undefined) this.#newest.delete(oldest)
    return false
  }

  /** The newest of them, for who reads on from here later. */
  stored(count: number): readonly string[] {
    return [...this.#newest].slice(-count)
  }
}
