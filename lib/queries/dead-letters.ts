/** Dead letters: the records that no consumer could process, as the dlq topic holds them. */

import { DEAD_LETTER_TYPE } from '../failures/event-types.ts'
import type { DeadLetter } from '../failures/process.ts'
import { isFailure } from '../runtime/cloudevents/event.ts'
import { readEvent } from '../runtime/cloudevents/reader.ts'
import type { LogRecord } from '../runtime/cloudevents/record.ts'
import { type Event, entityOf } from '../runtime/consumer/event.ts'
import type { LogReader } from '../runtime/pipeline/ports.ts'
import { type Range, readRecords } from './records.ts'

/** A record of the dlq topic, and the dead letter in it. */
export interface FoundDeadLetter {
  /** The id of the dead letter's event. */
  readonly id: string
  /** Where it lies in the dlq topic. */
  readonly partition: number
  readonly offset: number
  readonly event: Event<DeadLetter>
  readonly deadLetter: DeadLetter
  readonly original: OriginalBytes
}

/** What could not be processed, byte for byte. */
interface OriginalBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer }[]
}

/** A dead letter without the bytes that failed. */
export interface DeadLetterSummary {
  /** Where it lies in the dlq topic. */
  readonly partition: number
  readonly offset: number
  readonly id: string
  /** RFC 3339. */
  readonly failedAt: string
  readonly code: string
  readonly class: string
  readonly consumer: string
  readonly attempt: number
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** `source`, a space, `subject` of the event that failed; null if it cannot be decoded. */
  readonly entity: string | null
  readonly error: string
}

/** Which dead letters are asked for; without a condition, all of them. */
export interface DeadLetterFilter {
  /** A failure code. */
  readonly code?: string | undefined
  readonly consumer?: string | undefined
}

export interface DeadLetterList {
  /** The newest that match, in order of time. */
  readonly deadLetters: readonly DeadLetterSummary[]
  /** How many match, listed or not. */
  readonly total: number
  /** Records of the topic that are not dead letters. */
  readonly others: number
}

/**
 * Lists the dead letters in ranges of the dlq topic.
 *
 * @param limit how many of the newest are listed
 * @param signal ends the search early, with what was found until then
 * @throws see `readRecords`
 */
export async function listDeadLetters(
  log: LogReader,
  ranges: readonly Range[],
  { code, consumer, limit, signal }: DeadLetterFilter & { limit: number; signal?: AbortSignal },
): Promise<DeadLetterList> {
  const deadLetters: DeadLetterSummary[] = []
  let total = 0
  let others = 0
  for await (const record of readRecords(log, ranges)) {
    const found = deadLetterIn(record)
    if (!found) others++
    else if (
      (code ?? found.deadLetter.errorType) === found.deadLetter.errorType &&
      (consumer ?? found.deadLetter.consumer) === found.deadLetter.consumer
    ) {
      total++
      deadLetters.push(deadLetterSummary(found))
      if (deadLetters.length > limit) deadLetters.shift()
    }
    if (signal?.aborted) break
  }
  return { deadLetters, total, others }
}

/** What lies at the place that was asked about: the dead letter, another record, or nothing. */
export type DeadLetterAnswer =
  | { readonly kind: 'found'; readonly found: FoundDeadLetter }
  | { readonly kind: 'other-record' }
  | { readonly kind: 'none' }

/**
 * Finds one dead letter by its place in the dlq topic, or by its id.
 *
 * @param ranges where the topic is searched
 * @param signal ends the search early
 * @throws see `readRecords`
 */
export async function findDeadLetter(
  log: LogReader,
  ranges: readonly Range[],
  wanted: { readonly id: string } | { readonly partition: number; readonly offset: number },
  signal?: AbortSignal,
): Promise<DeadLetterAnswer> {
  const isPlace = 'offset' in wanted
  const searched = isPlace ? ranges.flatMap(range => rangeOfOne(range, wanted)) : ranges
  for await (const record of readRecords(log, searched)) {
    const found = deadLetterIn(record)
    if (found && (isPlace || found.id === wanted.id)) return { kind: 'found', found }
    if (isPlace) return { kind: 'other-record' }
    if (signal?.aborted) break
  }
  return { kind: 'none' }
}

/** Returns undefined if the record is not a dead letter. */
export function deadLetterIn(record: LogRecord): FoundDeadLetter | undefined {
  const event = readEvent(record)
  if (isFailure(event) || event.type !== DEAD_LETTER_TYPE || !isDeadLetter(event.data)) return undefined
  const deadLetter = event.data
  const { partition, offset } = record
  return {
    id: event.id,
    partition,
    offset,
    event: event as Event<DeadLetter>,
    deadLetter,
    original: {
      key: decoded(deadLetter.originalKey),
      value: decoded(deadLetter.originalValue),
      headers: deadLetter.originalHeaders.map(({ name, value }) => ({
        name,
        value: Buffer.from(value, 'base64'),
      })),
    },
  }
}

export function deadLetterSummary({
  id,
  partition,
  offset,
  deadLetter,
  original,
}: FoundDeadLetter): DeadLetterSummary {
  const { failedAt, errorType, consumer, attempt, originalTopic, originalPartition, originalOffset, error } =
    deadLetter
  const event = originalEvent(original)
  return {
    partition,
    offset,
    id,
    failedAt,
    code: errorType,
    class: deadLetter.class,
    consumer,
    attempt,
    originalTopic,
    originalPartition,
    originalOffset,
    entity: event ? entityOf(event).trim() : null,
    error,
  }
}

function rangeOfOne(range: Range, { partition, offset }: { partition: number; offset: number }): Range[] {
  const isThere = range.partition === partition && offset >= range.start && offset < range.end
  return isThere ? [{ ...range, start: offset, end: offset + 1 }] : []
}

/** Any client may write to the topic, so check that all fields of a dead letter that this code reads exist. */
function isDeadLetter(data: unknown): data is DeadLetter {
  if (typeof data !== 'object' || data === null) return false
  const { originalTopic, errorType, error, consumer, originalHeaders, failedAt } = data as Partial<DeadLetter>
  const texts = [originalTopic, errorType, error, consumer, failedAt]
  return texts.every(text => typeof text === 'string') && Array.isArray(originalHeaders)
}

function decoded(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}

function originalEvent({ value, headers }: OriginalBytes): Event | undefined {
  const event = readEvent({ value, headers: headers.map(({ name, value }) => [name, value] as const) })
  return isFailure(event) ? undefined : event
}
