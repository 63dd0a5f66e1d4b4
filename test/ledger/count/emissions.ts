/** Holds what was published against what must have been: each once by its id, in its order, and nothing else. */
import type { KafkaRecord } from '../kafka/records.ts'
import { eventOf, type LedgerEvent } from './event.ts'
import type { Emission, Letter } from './reference.ts'
import { ORDER, type Violations } from './violations.ts'

export class Emissions {
  /** Content by id; what was seen is taken out. */
  readonly #wanted = new Map<string, string>()
  readonly #seen = new Set<string>()
  /** The highest place of an entity's first copies so far. */
  readonly #highest = new Map<string, string>()
  readonly #violations: Violations
  #copies = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  /** How many there are, and how many copies of them beyond the first. */
  get figures(): { readonly distinct: number; readonly repeats: number } {
    return { distinct: this.#seen.size, repeats: this.#copies - this.#seen.size }
  }

  emission({ id, ...rest }: Emission): void {
    this.#want(id, JSON.stringify([rest.type, rest.subject, rest.time, rest.sequence, rest.data]))
  }

  letter({ id, code, sequence, record }: Letter): void {
    this.#want(id, JSON.stringify([code, sequence, ...bytesOf(record)]))
  }

  published(record: KafkaRecord): void {
    const event = eventOf(record, () => true)
    if (event === 'ignored/tick') return
    if (typeof event === 'string') {
      this.#violations.add('published, and no event', `${event} at ${record.partition}/${record.offset}`)
      return
    }
    this.#copies += 1
    if (this.#seen.has(event.id)) return
    this.#seen.add(event.id)
    this.#compare(event, String(record.key))
  }

  /** After the last: what has not come. */
  end(): void {
    for (const [id, content] of this.#wanted)
      this.#violations.add('emissions lost', `${id} ${content.slice(0, 200)}`)
  }

  #want(id: string, content: string): void {
    if (this.#wanted.has(id))
      this.#violations.add('one id for two emissions', `${id} ${content.slice(0, 200)}`)
    this.#wanted.set(id, content)
  }

  #compare(event: LedgerEvent, key: string): void {
    const { id, type, subject, time, sequence, data } = event
    const isLetter = data.errorType !== undefined
    const content = isLetter
      ? JSON.stringify([
          data.errorType,
          sequence,
          data.originalPartition,
          data.originalOffset,
          data.originalKey,
          data.originalValue,
          data.originalHeaders.map(({ name, value }: { name: string; value: string }) => [name, value]),
        ])
      : JSON.stringify([type, subject, time, sequence, data])
    const wanted = this.#wanted.get(id)
    this.#wanted.delete(id)
    if (wanted === undefined) this.#violations.add('emitted, though it did not happen', content.slice(0, 200))
    else if (wanted !== content)
      this.#violations.add('emitted otherwise', `${content.slice(0, 200)}, not ${wanted.slice(0, 200)}`)
    if (!isLetter && key !== subject) this.#violations.add('emitted under another key', `${key}: ${content}`)
    // One partition's places follow one another; an entity has all its records in one.
    if (sequence < (this.#highest.get(key) ?? ''))
      this.#violations.add(ORDER, `${key}: ${content.slice(0, 200)}`)
    this.#highest.set(key, sequence)
  }
}

function bytesOf({ partition, offset, key, value, headers }: KafkaRecord): unknown[] {
  const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  return [
    partition,
    offset,
    base64(key),
    base64(value),
    headers.map(([name, bytes]) => [name, base64(bytes)]),
  ]
}
