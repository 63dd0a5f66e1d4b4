/** Compares the published events with the expected ones: each id once, in order, and nothing else. */
import type { KafkaRecord } from '../kafka/records.ts'
import { type LedgerEvent, readEvent } from './event.ts'
import type { Emission, FailureRecord } from './reference.ts'
import { ORDER, type Violations } from './violations.ts'

interface ExpectedEmission {
  readonly sequence: string
  /** Everything apart from the sequence. */
  readonly content: string
}

/** How many characters of a wrong event are shown. */
const SHOWN = 200

export class Emissions {
  /** Expected events by id. Seen events are removed. */
  readonly #wanted = new Map<string, ExpectedEmission>()
  readonly #seen = new Set<string>()
  /** The sequences of failures that may be published, by id. */
  readonly #possible = new Map<string, string>()
  /** How many of these failures were published, by code. */
  readonly #codes = new Map<string, number>()
  /** The highest sequence so far, by consumer and entity. */
  readonly #highest = new Map<string, string>()
  readonly #violations: Violations
  readonly #what: string
  #copies = 0

  /** @param what what they are, in violations */
  constructor(violations: Violations, what = 'emissions') {
    this.#violations = violations
    this.#what = what
  }

  /** The number of different events, and of further copies of them. */
  get figures(): { readonly distinct: number; readonly repeats: number } {
    return { distinct: this.#seen.size, repeats: this.#copies - this.#seen.size }
  }

  emission({ id, sequence, ...rest }: Emission): void {
    this.#want(id, { sequence, content: JSON.stringify([rest.type, rest.subject, rest.time, rest.data]) })
  }

  /** Failures of other producers' records, by code. */
  get codes(): ReadonlyMap<string, number> {
    return this.#codes
  }

  failure({ id, code, sequence, record }: FailureRecord): void {
    if (code === undefined) {
      this.#possible.set(id, sequence)
      return
    }
    this.#want(id, { sequence, content: JSON.stringify([code, ...listBytes(record)]) })
  }

  published(record: KafkaRecord): void {
    const event = readEvent(record, () => true)
    if (event === 'ignored/tick') return
    if (typeof event === 'string') {
      this.#violations.add(
        'published records that are not events',
        `${event} at ${record.partition}/${record.offset}`,
      )
      return
    }
    this.#copies += 1
    if (this.#seen.has(event.id)) return
    this.#seen.add(event.id)
    this.#compare(event, String(record.key))
  }

  /** Reports the missing events after the last one. */
  end(): void {
    for (const { sequence, content } of this.#wanted.values())
      this.#violations.add(`${this.#what} lost`, `${sequence} ${content.slice(0, SHOWN)}`)
  }

  #want(id: string, wanted: ExpectedEmission): void {
    if (this.#wanted.has(id)) this.#violations.add('one id for two emissions', `${id} ${wanted.content}`)
    this.#wanted.set(id, wanted)
  }

  #compare(event: LedgerEvent, key: string): void {
    const { id, sequence, subject } = event
    const content = formatContent(event)
    const shown = `${sequence} ${content.slice(0, SHOWN)}`
    const place = this.#possible.get(id)
    if (place !== undefined) {
      const code = String(event.data.errorType)
      this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
      if (place !== sequence) this.#violations.add(ORDER, `${shown}, which should be ${place}`)
      // Records of other producers can have one key in several partitions, so the order per key is not checked.
      return
    }
    const wanted = this.#wanted.get(id)
    this.#wanted.delete(id)
    if (wanted === undefined) this.#violations.add(`unexpected ${this.#what}`, shown)
    else if (wanted.content !== content)
      this.#violations.add('emissions with wrong content', `${shown}, not ${wanted.content.slice(0, SHOWN)}`)
    else if (wanted.sequence !== sequence)
      this.#violations.add(ORDER, `${shown}, which should be ${wanted.sequence}`)
    if (!isFailure(event) && key !== subject)
      this.#violations.add('emissions with a wrong key', `${key}: ${shown}`)
    // All records of an entity are in one partition, where sequences increase.
    const sender = `${event.source} ${key}`
    if (sequence < (this.#highest.get(sender) ?? '')) this.#violations.add(ORDER, `${key}: ${shown}`)
    this.#highest.set(sender, sequence)
  }
}

function isFailure({ data }: LedgerEvent): boolean {
  return data.errorType !== undefined
}

/** Everything that matters apart from the sequence. */
function formatContent(event: LedgerEvent): string {
  const { type, subject, time, data } = event
  if (!isFailure(event)) return JSON.stringify([type, subject, time, data])
  const headers = data.originalHeaders.map(({ name, value }: Record<'name' | 'value', string>) => [
    name,
    value,
  ])
  const { errorType, originalPartition, originalOffset, originalKey, originalValue } = data
  const place = [originalPartition, originalOffset]
  return JSON.stringify([errorType, ...place, originalKey, originalValue, headers])
}

function listBytes({ partition, offset, key, value, headers }: KafkaRecord): unknown[] {
  const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  return [
    partition,
    offset,
    base64(key),
    base64(value),
    headers.map(([name, bytes]) => [name, base64(bytes)]),
  ]
}
