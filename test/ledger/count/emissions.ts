/** Holds what was published against what must have been: each once by its id, in its order, and nothing else. */
import type { KafkaRecord } from '../kafka/records.ts'
import { eventOf, type LedgerEvent } from './event.ts'
import type { Emission, Letter } from './reference.ts'
import { ORDER, type Violations } from './violations.ts'

interface Wanted {
  readonly sequence: string
  /** All else. */
  readonly content: string
}

/** Characters of what went wrong. */
const SHOWN = 200

export class Emissions {
  /** By id; what was seen is taken out. */
  readonly #wanted = new Map<string, Wanted>()
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

  emission({ id, sequence, ...rest }: Emission): void {
    this.#want(id, { sequence, content: JSON.stringify([rest.type, rest.subject, rest.time, rest.data]) })
  }

  letter({ id, code, sequence, record }: Letter): void {
    this.#want(id, { sequence, content: JSON.stringify([code, ...bytesOf(record)]) })
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
    for (const { sequence, content } of this.#wanted.values())
      this.#violations.add('emissions lost', `${sequence} ${content.slice(0, SHOWN)}`)
  }

  #want(id: string, wanted: Wanted): void {
    if (this.#wanted.has(id)) this.#violations.add('one id for two emissions', `${id} ${wanted.content}`)
    this.#wanted.set(id, wanted)
  }

  #compare(event: LedgerEvent, key: string): void {
    const { id, sequence, subject } = event
    const content = contentOf(event)
    const shown = `${sequence} ${content.slice(0, SHOWN)}`
    const wanted = this.#wanted.get(id)
    this.#wanted.delete(id)
    if (wanted === undefined) this.#violations.add('emitted, though it did not happen', shown)
    else if (wanted.content !== content)
      this.#violations.add('emitted otherwise', `${shown}, not ${wanted.content.slice(0, SHOWN)}`)
    else if (wanted.sequence !== sequence)
      this.#violations.add(ORDER, `${shown}, which should be ${wanted.sequence}`)
    if (!isLetter(event) && key !== subject)
      this.#violations.add('emitted under another key', `${key}: ${shown}`)
    // One partition's places follow one another; an entity has all its records in one.
    if (sequence < (this.#highest.get(key) ?? '')) this.#violations.add(ORDER, `${key}: ${shown}`)
    this.#highest.set(key, sequence)
  }
}

function isLetter({ data }: LedgerEvent): boolean {
  return data.errorType !== undefined
}

/** All that matters but the place. */
function contentOf(event: LedgerEvent): string {
  const { type, subject, time, data } = event
  if (!isLetter(event)) return JSON.stringify([type, subject, time, data])
  const headers = data.originalHeaders.map(({ name, value }: Record<'name' | 'value', string>) => [
    name,
    value,
  ])
  const { errorType, originalPartition, originalOffset, originalKey, originalValue } = data
  return JSON.stringify([errorType, originalPartition, originalOffset, originalKey, originalValue, headers])
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
