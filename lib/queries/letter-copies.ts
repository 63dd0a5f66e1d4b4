/**
 * Recognises copies of dead letters. If dlq-router is killed after it has published and before it has trimmed its outbox, the next
 * invocation publishes the same events again, soon after the first ones and to the same partition. Pure.
 */
import { hash } from 'node:crypto'
import type { FoundDeadLetter } from './dead-letter-records.ts'

/** As many as a few chunks of the router have. */
const MOST_REMEMBERED = 1_000
/** 64 bits in base64. */
const NAME_LENGTH = 11

/** The newest dead letters of one partition of the dlq topic. */
export class LetterCopies {
  readonly #newest: Set<string>

  /** @param newest what `stored` gave before */
  constructor(newest: readonly string[] = []) {
    this.#newest = new Set(newest)
  }

  /** Whether one of the newest has the same source and id; remembers it otherwise. */
  isCopy({ event: { source, id } }: Pick<FoundDeadLetter, 'event'>): boolean {
    // Short, because all of them are stored.
    const name = hash('sha256', `${source} ${id}`, 'base64url').slice(0, NAME_LENGTH)
    if (this.#newest.has(name)) return true
    this.#newest.add(name)
    const [oldest] = this.#newest
    if (this.#newest.size > MOST_REMEMBERED && oldest !== undefined) this.#newest.delete(oldest)
    return false
  }

  /** The names by which a later reader recognises copies that follow. */
  stored(): readonly string[] {
    return [...this.#newest]
  }
}
