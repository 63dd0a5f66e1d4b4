/** Dead letters: the records that no consumer could process, as the dlq topic holds them. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { originalEvent } from './dead-letter-filter.ts'
import {
  type BrokenDeadLetter,
  type FoundDeadLetter,
  type HandledAction,
  readDlqRecord,
} from './dead-letter-records.ts'
import type { HandledDeadLetters } from './handled-dead-letters.ts'
import { LetterCopies } from './letter-copies.ts'
import { type Range, readRecordGroups } from './records.ts'

export { type DeadLetterFilter, originalEvent } from './dead-letter-filter.ts'
export { type BrokenDeadLetter, deadLetterIn, type FoundDeadLetter } from './dead-letter-records.ts'

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
  /** CloudEvents `type` of the event that failed; null if it cannot be decoded. */
  readonly type: string | null
  readonly error: string
  readonly quarantined: boolean
  /** What people did with it; null if it waits for them. */
  readonly handled: HandledAction | null
}

/** A record of the dlq topic, with what people did with it. */
export type Scanned =
  | {
      readonly kind: 'letter'
      readonly letter: FoundDeadLetter
      readonly handled?: HandledAction | undefined
      /** Whether it was the operation that asks. */
      readonly isOwn?: boolean
    }
  | (BrokenDeadLetter & { readonly handled?: HandledAction | undefined })
  | { readonly kind: 'other' }

/**
 * All dead letters in the ranges, in order of time; those of one partition in their own order.
 *
 * @param signal ends the scan early
 * @throws see `readRecords`
 */
export async function* scanDeadLetters(
  log: LogReader,
  ranges: readonly Range[],
  known: HandledDeadLetters,
  signal?: AbortSignal,
): AsyncGenerator<Scanned> {
  for await (const { results } of scanGroups(log, ranges, known, scanned => scanned)) {
    yield* results
    if (signal?.aborted) return
  }
}

/** Few enough that what is made of them is soon garbage: a decoded dead letter is several times as large as its record. */
const GROUP = 250

/**
 * As `scanDeadLetters`, many at once: for those who handle many. Copies of a letter are left out.
 *
 * @param use what is made of each of them, before the next one is decoded; undefined to leave it out
 * @returns what was made of as many records as `scanned` says, and by partition the offset after the last of them
 */
export async function* scanGroups<Result>(
  log: LogReader,
  ranges: readonly Range[],
  known: HandledDeadLetters,
  use: (scanned: Scanned) => Result | undefined,
): AsyncGenerator<{
  readonly results: readonly Result[]
  readonly scanned: number
  readonly next: ReadonlyMap<number, number>
}> {
  const copies = new Map(ranges.map(({ partition }) => [partition, new LetterCopies()]))
  for await (const records of readRecordGroups(log, ranges))
    for (let at = 0; at < records.length; at += GROUP) {
      const results: Result[] = []
      const next = new Map<number, number>()
      const group = records.slice(at, at + GROUP)
      for (const record of group) {
        const scanned = scannedIn(record, known, copies.get(record.partition))
        const result = scanned && use(scanned)
        if (result !== undefined) results.push(result)
        next.set(record.partition, record.offset + 1)
      }
      yield { results, scanned: group.length, next }
    }
}

/** Undefined if it is not for those who ask: word of what was handled, or a copy. */
function scannedIn(
  record: LogRecord,
  known: HandledDeadLetters,
  copies: LetterCopies | undefined,
): Scanned | undefined {
  const read = readDlqRecord(record)
  if (read.kind === 'handled') return undefined
  if (read.kind === 'other') return read
  const handled = known.how(record)
  if (read.kind === 'broken') return { ...read, handled }
  if (copies?.isCopy(read)) return undefined
  return { kind: 'letter', letter: read, handled, isOwn: known.isOwn(record) }
}

/** What lies at the place that was asked about: the dead letter, a broken one, another record, or nothing. */
export type DeadLetterAnswer =
  | { readonly kind: 'found'; readonly found: FoundDeadLetter }
  | { readonly kind: 'broken'; readonly broken: BrokenDeadLetter }
  | { readonly kind: 'other-record' }
  | { readonly kind: 'none' }

/**
 * Finds one dead letter by its place in the dlq topic, or by its id.
 *
 * @param ranges where the topic is searched
 * @param signal ends the search early
 * @throws the reason of the signal if it is aborted; else see `readRecords`
 */
export async function findDeadLetter(
  log: LogReader,
  ranges: readonly Range[],
  wanted: { readonly id: string } | { readonly partition: number; readonly offset: number },
  signal?: AbortSignal,
): Promise<DeadLetterAnswer> {
  const isPlace = 'offset' in wanted
  const searched = isPlace ? ranges.flatMap(range => rangeOfOne(range, wanted)) : ranges
  for await (const records of readRecordGroups(log, searched)) {
    for (const record of records) {
      const read = readDlqRecord(record)
      if (read.kind === 'letter' && (isPlace || read.id === wanted.id)) return { kind: 'found', found: read }
      if (isPlace) return read.kind === 'broken' ? { kind: 'broken', broken: read } : { kind: 'other-record' }
    }
    signal?.throwIfAborted()
  }
  return { kind: 'none' }
}

export function deadLetterSummary(found: FoundDeadLetter, handled?: HandledAction): DeadLetterSummary {
  const { id, partition, offset, deadLetter } = found
  const { failedAt, errorType, consumer, attempt, originalTopic, originalPartition, originalOffset, error } =
    deadLetter
  const event = originalEvent(found)
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
    type: event?.type ?? null,
    error,
    quarantined: deadLetter.quarantined,
    handled: handled ?? null,
  }
}

function rangeOfOne(range: Range, { partition, offset }: { partition: number; offset: number }): Range[] {
  const isThere = range.partition === partition && offset >= range.start && offset < range.end
  return isThere ? [{ ...range, start: offset, end: offset + 1 }] : []
}
