/**
 * Row of a dead letter in the table of open dead letters. It contains the position and the failure, but not the payload or the
 * error message. Pure.
 */
import { hash } from 'node:crypto'
import { decodeText, fromBase64 } from '#runtime/cloudevents'
import { type Event, formatEntity } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'
import {
  type DeadLettersHandled,
  type FoundDeadLetter,
  type HandledAction,
  originalEvent,
  readDlqRecord,
} from './dlq-record.ts'

interface WrittenRow {
  /** Offset of the record in its partition of the dlq topic. */
  readonly offset: number
  /** Time at which the record was written, in milliseconds since the epoch. */
  readonly writtenAtMs: number
  /** How the dead letter was handled. Present only if the table keeps dead letters that have been redriven or dropped. */
  readonly handled?: HandledAction
}

export interface DeadLetterRow extends WrittenRow {
  readonly kind: 'letter'
  /** Event id of the dead letter. */
  readonly id: string
  /** Failure code. `class` is the failure class. */
  readonly code: string
  readonly class: string
  /** Consumer that could not process the record. */
  readonly consumer: string
  /** Topic of the failed record. */
  readonly topic: string
  /** Source and subject of the failed event, separated by a space; null if the record is not an event. */
  readonly entity: string | null
  /** CloudEvents `type` of the failed event; null if the record is not an event. */
  readonly type: string | null
  /** Key of the failed record as text; absent if it has none, or if the record is a reading, which names its entity itself. */
  readonly key?: string
  readonly attempt: number
  readonly quarantined: boolean
}

/** Row for a record of the dlq topic that should be a dead letter, but cannot be read. */
export interface BrokenRow extends WrittenRow {
  readonly kind: 'broken'
  readonly why: string
}

export type DlqRow = DeadLetterRow | BrokenRow

/** Entry for one record of the dlq topic. It can be stored as JSON. */
export type DlqEntry = { readonly offset: number; readonly writtenAtMs: number } & (
  | { readonly kind: 'row'; readonly row: DlqRow; readonly copyName?: string }
  | { readonly kind: 'handled'; readonly handled: DeadLettersHandled }
  | { readonly kind: 'other' }
)

/**
 * Maximum length of a text in the table. Longer texts are truncated, so that a malicious producer cannot fill the table with a
 * single name.
 */
const MAX_TEXT_LENGTH = 1_000
/** Length of a copy name, which encodes 64 bits as base64url. */
const NAME_LENGTH = 11

/** Returns the table entry of a record of the dlq topic. Never throws. */
export function dlqEntry(families: Families, record: Parameters<typeof readDlqRecord>[0]): DlqEntry {
  const { offset, timestampMs } = record
  const read = readDlqRecord(record)
  const place = { offset, writtenAtMs: timestampMs }
  switch (read.kind) {
    case 'letter':
      return { ...place, kind: 'row', row: deadLetterRow(families, read), copyName: computeCopyName(read) }
    case 'broken':
      return { ...place, kind: 'row', row: { ...place, kind: 'broken', why: truncate(read.why) } }
    case 'handled':
      return { ...place, kind: 'handled', handled: read.handled }
    default:
      return { ...place, kind: 'other' }
  }
}

export function deadLetterRow(families: Families, found: FoundDeadLetter): DeadLetterRow {
  const { id, offset, writtenAtMs, deadLetter } = found
  const { errorType, consumer, originalTopic, attempt, quarantined } = deadLetter
  const event = originalEvent(found)
  const key = event && families.findByType(event.type) ? null : formatKey(found)
  return {
    kind: 'letter',
    offset,
    writtenAtMs,
    id: truncate(id),
    code: truncate(errorType),
    class: truncate(deadLetter.class),
    consumer: truncate(consumer),
    topic: truncate(originalTopic),
    entity: event ? truncate(formatEntity(event).trim()) : null,
    type: event ? truncate(event.type) : null,
    ...(key === null ? {} : { key }),
    attempt,
    quarantined,
  }
}

/** Returns the key of the failed record as text; in hexadecimal digits if it is not text, and null without a key. */
export function formatKey({
  deadLetter: { originalKey },
}: Pick<FoundDeadLetter, 'deadLetter'>): string | null {
  const key = fromBase64(originalKey)
  return key && truncate(decodeText(key) ?? `0x${key.toString('hex')}`)
}

/**
 * Returns a name that is the same for all copies of a dead letter. If dlq-router is killed before its outbox is trimmed, it
 * publishes the outbox again, with the same ids.
 */
function computeCopyName({
  event: { source, id },
}: {
  readonly event: Pick<Event, 'source' | 'id'>
}): string {
  return hash('sha256', `${source} ${id}`, 'base64url').slice(0, NAME_LENGTH)
}

/** Truncates a text to the maximum length in rows. Filters truncate the text that they search for in the same way. */
export function truncate(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text
}
