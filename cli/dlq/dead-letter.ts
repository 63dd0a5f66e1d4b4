/** Dead letters, decoded for people. Pure. */
import { isFault } from '../../lib/cloudevents/event.ts'
import { readEvent } from '../../lib/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import { type Event, entityOf } from '../../lib/domain/event.ts'
import { DEAD_LETTER_TYPE } from '../../lib/domain/failure/failure.ts'
import type { DeadLetter } from '../../lib/domain/failure/process.ts'
import { instant } from '../../lib/domain/instant.ts'
import { type BytesView, bytesView } from '../records/bytes.ts'

/** A record of the dlq topic, and the dead letter in it. */
export interface FoundLetter {
  /** The id of the dead letter's event. */
  readonly id: string
  readonly partition: number
  readonly offset: number
  readonly event: Event<DeadLetter>
  readonly letter: DeadLetter
  readonly original: OriginalBytes
}

/** What could not be processed, byte for byte. */
interface OriginalBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer }[]
}

/** Undefined where the record is not a dead letter. */
export function deadLetterIn(record: LogRecord): FoundLetter | undefined {
  const event = readEvent(record)
  if (isFault(event) || event.type !== DEAD_LETTER_TYPE || !isDeadLetter(event.data)) return undefined
  const letter = event.data
  const { partition, offset } = record
  return {
    id: event.id,
    partition,
    offset,
    event: event as Event<DeadLetter>,
    letter,
    original: {
      key: decoded(letter.originalKey),
      value: decoded(letter.originalValue),
      headers: letter.originalHeaders.map(({ name, value }) => ({
        name,
        value: Buffer.from(value, 'base64'),
      })),
    },
  }
}

/** Anybody may write to the topic: what this code reads of a letter must be there. */
function isDeadLetter(data: unknown): data is DeadLetter {
  if (typeof data !== 'object' || data === null) return false
  const { originalTopic, errorType, error, consumer, originalHeaders, failedAt } = data as Partial<DeadLetter>
  const texts = [originalTopic, errorType, error, consumer, failedAt]
  return texts.every(text => typeof text === 'string') && Array.isArray(originalHeaders)
}

function decoded(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}

/** What `dlq list --json` prints of each dead letter. */
export interface LetterSummary {
  /** Partition and offset in the dlq topic, as `dlq show` takes it. */
  readonly at: string
  readonly id: string
  readonly failedAt: string
  readonly code: string
  readonly class: string
  readonly consumer: string
  readonly attempt: number
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** `source`, a space, `subject` of the event that failed; null where it cannot be decoded. */
  readonly entity: string | null
  readonly error: string
}

export function summaryOf({ id, partition, offset, letter, original }: FoundLetter): LetterSummary {
  const { failedAt, errorType, consumer, attempt, originalTopic, originalPartition, originalOffset, error } =
    letter
  const event = originalEvent(original)
  return {
    at: `${partition}@${offset}`,
    id,
    failedAt,
    code: errorType,
    class: letter.class,
    consumer,
    attempt,
    originalTopic,
    originalPartition,
    originalOffset,
    entity: event ? entityOf(event).trim() : null,
    error,
  }
}

/** What `dlq show --json` prints. */
export interface LetterReport extends LetterSummary {
  readonly routedBecause: string
  readonly firstFailedAt: string
  readonly originalTime: string
  readonly traceparent: string | null
  readonly key: BytesView | null
  readonly headers: readonly ({ readonly name: string } & BytesView)[]
  readonly value: BytesView | null
}

export function reportOf(found: FoundLetter): LetterReport {
  const { letter, event, original } = found
  return {
    ...summaryOf(found),
    routedBecause: letter.routedBecause,
    firstFailedAt: letter.firstFailedAt,
    originalTime: instant(letter.originalTimestamp),
    traceparent: event.extensions?.traceparent ?? null,
    key: original.key && bytesView(original.key),
    headers: original.headers.map(({ name, value }) => ({ name, ...bytesView(value) })),
    value: original.value && bytesView(original.value),
  }
}

function originalEvent({ value, headers }: OriginalBytes): Event | undefined {
  const event = readEvent({ value, headers: headers.map(({ name, value }) => [name, value] as const) })
  return isFault(event) ? undefined : event
}
