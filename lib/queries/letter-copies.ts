/**
 * Recognises copies of dead letters. If dlq-router is killed after it has published and before it has trimmed its outbox, the next
 * invocation publishes the same events again, soon after the first ones and to the same partition. Pure.
 */
import { hash } from 'node:crypto'
import type { FoundDeadLetter } from './dead-letter-records.ts'

/** As many as a few chunks of the router have. */
export const MOST_REMEMBERED = 1_000
/** 64 bits in base64. */
const NAME_LENGTH = 11

/** The newest dead letters of one partition of the dlq topic, for readers that go forwards. */
export class LetterCopies {
  readonly #newest: Set<string>

  /** @param newest what `stored` gave before */
  constructor(newest: readonly string[] = []) {
    this.#newest = new Set(newest)
  }

  /** Whether one of the newest has the same source and id; remembers it otherwise. */
  isCopy(letter: Pick<FoundDeadLetter, 'event'>): boolean {
    const name = nameOf(letter)
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

/** As `LetterCopies`, for one that goes backwards: only what lies before a letter shows that it is a copy. */
export class CopiesBackward<Entry> {
  /** The newest first. */
  readonly #undecided = new Map<string, Entry>()

  /**
   * Takes the record that lies next before, and drops its copies.
   *
   * @param letter undefined for a record that is not a letter, which has no copies
   * @returns the newest entry, once enough of what lies before it is known
   */
  take(entry: Entry, offset: number, letter?: Pick<FoundDeadLetter, 'event'>): Entry | undefined {
    const name = letter ? nameOf(letter) : `@${offset}`
    this.#undecided.delete(name)
    this.#undecided.set(name, entry)
    if (this.#undecided.size <= MOST_REMEMBERED) return undefined
    const [[newest, decided] = []] = this.#undecided
    if (newest !== undefined) this.#undecided.delete(newest)
    return decided
  }

  /** The entries that are left where there are no older records. */
  rest(): Iterable<Entry> {
    return this.#undecided.values()
  }
}

/** Short, because all of them are stored. */
function nameOf({ event: { source, id } }: Pick<FoundDeadLetter, 'event'>): string {
  return hash('sha256', `${source} ${id}`, 'base64url').slice(0, NAME_LENGTH)
}
