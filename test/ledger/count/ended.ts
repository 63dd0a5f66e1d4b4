/** The events that say that a failure is not retried any more: one in the readings for each dead letter that entities wait for. */
import type { KafkaRecord } from '../kafka/records.ts'
import type { Violations } from './violations.ts'

const ENDED = 'io.sluice.failure.ended.v1'

interface EndedFailure {
  readonly consumer: string
  readonly failure: string
  readonly attempt: number
}

/** Undefined for every other record. */
export function readEndedFailure({ headers, value, isCompressed }: KafkaRecord): EndedFailure | undefined {
  if (isCompressed) return undefined
  const attribute = (name: string) => String(headers.find(([candidate]) => candidate === `ce_${name}`)?.[1])
  // Other producers may use this type.
  if (attribute('type') !== ENDED || attribute('source') !== '/consumers/parking') return undefined
  const { consumer, failure, attempt } = JSON.parse(String(value))
  return { consumer, failure, attempt }
}

/** Compares those in the log with those that the router must emit. */
export class EndedFailures {
  /** Contents by id. */
  readonly #seen = new Map<string, string>()
  readonly #wanted = new Map<string, string>()
  readonly #violations: Violations

  constructor(violations: Violations) {
    this.#violations = violations
  }

  get count(): number {
    return this.#seen.size
  }

  published(record: KafkaRecord): void {
    const ended = readEndedFailure(record)
    if (!ended) return
    const id = String(record.headers.find(([name]) => name === 'ce_id')?.[1])
    const text = formatText(record.partition, record.key?.toString('base64'), ended)
    const before = this.#seen.get(id)
    if (before !== undefined && before !== text)
      this.#violations.add('repeated ends of failures with other contents', `${id} ${text}`)
    this.#seen.set(id, text)
  }

  /** @param key in base64 */
  want(id: string, partition: number, key: string, ended: EndedFailure): void {
    this.#wanted.set(id, formatText(partition, key, ended))
  }

  end(): void {
    for (const [id, text] of this.#wanted)
      if (this.#seen.get(id) !== text)
        this.#violations.add(
          'ends of failures that are missing or wrong',
          `${text}, but ${this.#seen.get(id)}`,
        )
    for (const [id, text] of this.#seen)
      if (!this.#wanted.has(id)) this.#violations.add('ends of failures that have not ended', `${id} ${text}`)
  }
}

function formatText(
  partition: number,
  key: string | undefined,
  { consumer, failure, attempt }: EndedFailure,
): string {
  return JSON.stringify([partition, key, consumer, failure, attempt])
}
