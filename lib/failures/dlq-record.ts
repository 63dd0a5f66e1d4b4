/**
 * Records of the dlq topic. Each is a dead letter, a record that cannot be read, or an event about dead letters that an operator
 * has redriven or dropped. Pure.
 */

import {
  decodeText,
  fromBase64,
  isEventFormat,
  isFailure,
  type LogRecord,
  readEvent,
} from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import validators, { type SchemaViolation } from '../schemas/compiled.js'
import type { DeadLetter } from './dlq-router.ts'
import { DEAD_LETTER_TYPE, DEAD_LETTERS_HANDLED_TYPE, FAILURE_TYPE } from './event-types.ts'
import { describeUnrouted } from './route.ts'

/** Record of the dlq topic that contains a dead letter. */
export interface FoundDeadLetter {
  readonly kind: 'letter'
  /** Event id of the dead letter. */
  readonly id: string
  /** Position in the dlq topic. */
  readonly partition: number
  readonly offset: number
  /** Time at which the record was written, in milliseconds since the epoch. */
  readonly writtenAtMs: number
  readonly event: Event<DeadLetter>
  readonly deadLetter: DeadLetter
  readonly original: OriginalBytes
}

/** Key, value and headers of the failed record, as bytes. */
interface OriginalBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[]
}

/** Record that has the type of a dead letter or of an event about handled dead letters, but cannot be read. */
export interface BrokenDeadLetter {
  readonly kind: 'broken'
  readonly partition: number
  readonly offset: number
  readonly writtenAtMs: number
  /** Reason why the record cannot be read. It never contains parts of the record. */
  readonly why: string
}

/** Data of the event that records a redrive or drop of dead letters in the same partition. */
export interface DeadLettersHandled {
  readonly action: HandledAction
  readonly by: string
  /** Time of the operation, RFC 3339. */
  readonly at: string
  readonly operation: string
  /** Offsets of the dead letters. `to` is inclusive. */
  readonly ranges: readonly { readonly from: number; readonly to: number }[]
}

export type HandledAction = 'redriven' | 'dropped'

export type DlqRecord =
  | FoundDeadLetter
  | BrokenDeadLetter
  | { readonly kind: 'handled'; readonly handled: DeadLettersHandled }
  | { readonly kind: 'other'; readonly type?: string }

/** Types of the events in the dlq topic. */
export const OWN_TYPES = [DEAD_LETTER_TYPE, DEAD_LETTERS_HANDLED_TYPE, FAILURE_TYPE]

/** Reads a record of the dlq topic. Never throws, because one unreadable record must not prevent others from being read. */
export function readDlqRecord(record: LogRecord): DlqRecord {
  try {
    return parseDlqRecord(record)
  } catch (error) {
    // For example, the data can be nested too deeply for the schema validation.
    return createBrokenDeadLetter(record, `it cannot be read: ${(error as Error).name}`)
  }
}

/** Returns the event that failed; undefined if the failed record is not an event. */
export function originalEvent({ original }: Pick<FoundDeadLetter, 'original'>): Event | undefined {
  const { value, headers } = original
  const event = readEvent({ value, headers: headers.map(({ name, value }) => [name, value] as const) })
  return isFailure(event) ? undefined : event
}

function parseDlqRecord(record: LogRecord): DlqRecord {
  const event = readEvent(record)
  if (isFailure(event))
    return isDlqEvent(record) ? createBrokenDeadLetter(record, event.message) : { kind: 'other' }
  if (event.type === DEAD_LETTERS_HANDLED_TYPE) return parseHandled(record, event)
  if (event.type !== DEAD_LETTER_TYPE && event.type !== FAILURE_TYPE)
    return { kind: 'other', type: event.type }
  const why = findViolation(event) ?? findBytesViolation(event.data as FailureData)
  return why === undefined
    ? createFoundDeadLetter(record, { ...event, data: toDeadLetter(event) })
    : createBrokenDeadLetter(record, why)
}

/**
 * Returns the data of a dead letter. The router and the redriver write their own failures directly to the dlq topic. If these were
 * routed, they could circulate forever.
 */
function toDeadLetter({ type, data }: Event): DeadLetter {
  if (type === DEAD_LETTER_TYPE) return data as DeadLetter
  const failure = data as FailureData
  return { ...failure, ...describeUnrouted(failure), quarantined: false }
}

function parseHandled(record: LogRecord, event: Event): DlqRecord {
  const why = findViolation(event)
  return why === undefined
    ? { kind: 'handled', handled: event.data as DeadLettersHandled }
    : createBrokenDeadLetter(record, `it is not a valid list of handled dead letters: ${why}`)
}

function createFoundDeadLetter(
  { partition, offset, timestampMs }: LogRecord,
  event: Event<DeadLetter>,
): FoundDeadLetter {
  const deadLetter = event.data as DeadLetter
  return {
    kind: 'letter',
    id: event.id,
    partition,
    offset,
    writtenAtMs: timestampMs,
    event,
    deadLetter,
    // Decode on demand, because most callers do not need the bytes.
    get original() {
      return {
        key: fromBase64(deadLetter.originalKey),
        value: fromBase64(deadLetter.originalValue),
        headers: deadLetter.originalHeaders.map(({ name, value }) => ({ name, value: fromBase64(value) })),
      }
    },
  }
}

function createBrokenDeadLetter(
  { partition, offset, timestampMs }: LogRecord,
  why: string,
): BrokenDeadLetter {
  return { kind: 'broken', partition, offset, writtenAtMs: timestampMs, why }
}

/**
 * Returns whether a record appears to be an event of the dlq topic. Only dlq-router and operators write events to the topic, so a
 * structured event that cannot be read is one of these events.
 */
function isDlqEvent({ headers }: LogRecord): boolean {
  return headers.some(([name, bytes]) => {
    const text = decodeText(bytes) ?? ''
    if (name === 'ce_type') return OWN_TYPES.includes(text)
    return name === 'content-type' && isEventFormat(text)
  })
}

function findViolation({ type, data }: Event): string | undefined {
  const validate = validators[type]
  if (!validate) throw new Error(`lib/schemas/compiled.js has no ${type}`)
  if (validate(data)) return undefined
  const [first] = validate.errors ?? []
  return first ? describeViolation(first) : 'it does not match its schema'
}

/** Describes a schema violation by the name of the field. The value is not included. */
function describeViolation({ instancePath, keyword, params }: SchemaViolation): string {
  const where = [...instancePath.split('/').slice(1), params.missingProperty ?? []].flat().join('.')
  const field = /^[\w.-]{1,80}$/.test(where) ? where : 'its data'
  return keyword === 'required' ? `${field} is missing` : `${field} violates the schema's "${keyword}"`
}

/**
 * Returns an error message if a field is not valid base64, which would decode to different bytes; undefined if all fields are
 * valid.
 */
function findBytesViolation({
  originalKey,
  originalValue,
  originalHeaders,
}: FailureData): string | undefined {
  if (!isBase64(originalKey)) return 'originalKey is not base64'
  if (!isBase64(originalValue)) return 'originalValue is not base64'
  for (const { value } of originalHeaders) if (!isBase64(value)) return 'a header is not base64'
  return undefined
}

/**
 * Returns whether a text, if present, is valid base64. Node.js decodes invalid text without an error, and the result would differ from the
 * original bytes.
 */
export function isBase64(text: string | null): boolean {
  return text === null || Buffer.from(text, 'base64').toString('base64') === text
}
