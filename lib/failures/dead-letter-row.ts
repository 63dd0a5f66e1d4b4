/** The row of a dead letter in the table of open dead letters: its place and its failure, without its bytes and its message. Pure. */
import { hash } from 'node:crypto'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import {
  type DeadLettersHandled,
  type DlqRecord,
  type FoundDeadLetter,
  type HandledAction,
  originalEvent,
  readDlqRecord,
} from './dlq-record.ts'

interface WrittenRow {
  /** Offset in its partition of the dlq topic. */
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly writtenAtMs: number
  /** The work of operators on it; only rows that are kept after they were handled have it. */
  readonly handled?: HandledRow
}

interface HandledRow {
  readonly action: HandledAction
  /** Ids of the operations that handled it. */
  readonly operations: readonly string[]
}

export interface DeadLetterRow extends WrittenRow {
  readonly kind: 'letter'
  /** The id of the dead letter's event. */
  readonly id: string
  /** Code of the failure, and its class. */
  readonly code: string
  readonly class: string
  /** The consumer that failed. */
  readonly consumer: string
  /** Topic of the record that failed. */
  readonly topic: string
  /** `source`, a space, `subject` of the event that failed; null if the record is not an event. */
  readonly entity: string | null
  /** CloudEvents `type` of the event that failed; null if the record is not an event. */
  readonly type: string | null
  readonly attempt: number
  readonly quarantined: boolean
}

/** A record that should be a dead letter and cannot be read as one. */
export interface BrokenRow extends WrittenRow {
  readonly kind: 'broken'
  readonly why: string
}

export type Row = DeadLetterRow | BrokenRow

/** The meaning of one record of the dlq topic for the table. It survives JSON. */
export type DlqEntry = { readonly offset: number; readonly writtenAtMs: number } & (
  | { readonly kind: 'row'; readonly row: Row; readonly copyName?: string }
  | { readonly kind: 'handled'; readonly handled: DeadLettersHandled }
  | { readonly kind: 'other' }
)

/** Longer texts are cut: a hostile producer must not fill the table with one name. */
const MAX_TEXT_LENGTH = 1_000
/** 64 bits in base64. */
const NAME_LENGTH = 11

/** Reads a record of the dlq topic. Never throws. */
export function dlqEntry(record: Parameters<typeof readDlqRecord>[0]): DlqEntry {
  return entryOf(readDlqRecord(record), record)
}

/** @param read what `readDlqRecord` made of the record */
export function entryOf(
  read: DlqRecord,
  { offset, timestampMs }: { readonly offset: number; readonly timestampMs: number },
): DlqEntry {
  const place = { offset, writtenAtMs: timestampMs }
  switch (read.kind) {
    case 'letter':
      return { ...place, kind: 'row', row: deadLetterRow(read), copyName: copyNameOf(read) }
    case 'broken':
      return { ...place, kind: 'row', row: { ...place, kind: 'broken', why: cut(read.why) } }
    case 'handled':
      return { ...place, kind: 'handled', handled: read.handled }
    default:
      return { ...place, kind: 'other' }
  }
}

export function deadLetterRow(found: FoundDeadLetter): DeadLetterRow {
  const { id, offset, writtenAtMs, deadLetter } = found
  const { errorType, consumer, originalTopic, attempt, quarantined } = deadLetter
  const event = originalEvent(found)
  return {
    kind: 'letter',
    offset,
    writtenAtMs,
    id: cut(id),
    code: cut(errorType),
    class: cut(deadLetter.class),
    consumer: cut(consumer),
    topic: cut(originalTopic),
    entity: event ? cut(entityOf(event).trim()) : null,
    type: event ? cut(event.type) : null,
    attempt,
    quarantined,
  }
}

/** Recognises a copy: dlq-router publishes its outbox again, with the same ids, if it is killed before the outbox is trimmed. */
function copyNameOf({ event: { source, id } }: { readonly event: Pick<Event, 'source' | 'id'> }): string {
  return hash('sha256', `${source} ${id}`, 'base64url').slice(0, NAME_LENGTH)
}

/** A text as rows have it: filters cut the text that they compare with in the same way. */
export function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text
}
