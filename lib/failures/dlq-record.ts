/** Records of the dlq topic: a dead letter, a broken one, or a note that people have handled some. Pure. */

import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { textOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import validators, { type SchemaViolation } from '../../schemas/compiled.js'
import { DEAD_LETTER_TYPE, DEAD_LETTERS_HANDLED_TYPE, FAILURE_TYPE } from './event-types.ts'
import type { DeadLetter } from './process.ts'
import { decoded } from './redriven-record.ts'
import { unroutedWhy } from './route.ts'

/** A record of the dlq topic, and the dead letter in it. */
export interface FoundDeadLetter {
  readonly kind: 'letter'
  /** The id of the dead letter's event. */
  readonly id: string
  /** Position in the dlq topic. */
  readonly partition: number
  readonly offset: number
  /** When it was written there, in milliseconds since the epoch. */
  readonly writtenAtMs: number
  readonly event: Event<DeadLetter>
  readonly deadLetter: DeadLetter
  readonly original: OriginalBytes
}

/** Bytes of the record that could not be processed. */
interface OriginalBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer }[]
}

/** A record that says it is a dead letter, or word of some, and cannot be read as that. */
export interface BrokenDeadLetter {
  readonly kind: 'broken'
  readonly partition: number
  readonly offset: number
  readonly writtenAtMs: number
  /** Reason without the record's contents. */
  readonly why: string
}

/** Data of the event that says what people did with dead letters of its partition. */
export interface DeadLettersHandled {
  readonly action: HandledAction
  readonly by: string
  /** RFC 3339. */
  readonly at: string
  readonly operation: string
  /** Offsets, `to` included. */
  readonly ranges: readonly { readonly from: number; readonly to: number }[]
}

export type HandledAction = 'redriven' | 'dropped'

export type DlqRecord =
  | FoundDeadLetter
  | BrokenDeadLetter
  | { readonly kind: 'handled'; readonly handled: DeadLettersHandled }
  | { readonly kind: 'other'; readonly type?: string }

const EVENT_FORMAT = /^\s*application\/cloudevents/i
/** Types of the events that belong to the dlq topic. */
export const OWN_TYPES = [DEAD_LETTER_TYPE, DEAD_LETTERS_HANDLED_TYPE, FAILURE_TYPE]
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Never throws: a record that cannot be read must not hide those beside it. */
export function readDlqRecord(record: LogRecord): DlqRecord {
  try {
    return recordRead(record)
  } catch (error) {
    // Example: data that is nested too deeply for the check of its schema.
    return broken(record, `it cannot be read: ${(error as Error).name}`)
  }
}

/** The event that failed; undefined if the record is not one. */
export function originalEvent({ original }: Pick<FoundDeadLetter, 'original'>): Event | undefined {
  const { value, headers } = original
  const event = readEvent({ value, headers: headers.map(({ name, value }) => [name, value] as const) })
  return isFailure(event) ? undefined : event
}

function recordRead(record: LogRecord): DlqRecord {
  const event = readEvent(record)
  if (isFailure(event)) return saysItIsOne(record) ? broken(record, event.message) : { kind: 'other' }
  if (event.type === DEAD_LETTERS_HANDLED_TYPE) return handledIn(record, event)
  if (event.type !== DEAD_LETTER_TYPE && event.type !== FAILURE_TYPE)
    return { kind: 'other', type: event.type }
  const why = violationOf(event) ?? bytesViolation(event.data as FailureData)
  return why === undefined ? letter(record, { ...event, data: deadLetterOf(event) }) : broken(record, why)
}

/** The router and the redriver write their own failures here unchanged: routed, they could return forever. */
function deadLetterOf({ type, data }: Event): DeadLetter {
  if (type === DEAD_LETTER_TYPE) return data as DeadLetter
  const failure = data as FailureData
  return { ...failure, ...unroutedWhy(failure), quarantined: false }
}

function handledIn(record: LogRecord, event: Event): DlqRecord {
  const why = violationOf(event)
  return why === undefined
    ? { kind: 'handled', handled: event.data as DeadLettersHandled }
    : broken(record, `it should say which dead letters were handled: ${why}`)
}

function letter({ partition, offset, timestampMs }: LogRecord, event: Event<DeadLetter>): FoundDeadLetter {
  const deadLetter = event.data as DeadLetter
  return {
    kind: 'letter',
    id: event.id,
    partition,
    offset,
    writtenAtMs: timestampMs,
    event,
    deadLetter,
    // Most readers do not need the bytes.
    get original() {
      return {
        key: decoded(deadLetter.originalKey),
        value: decoded(deadLetter.originalValue),
        headers: deadLetter.originalHeaders.map(({ name, value }) => ({
          name,
          value: Buffer.from(value, 'base64'),
        })),
      }
    },
  }
}

function broken({ partition, offset, timestampMs }: LogRecord, why: string): BrokenDeadLetter {
  return { kind: 'broken', partition, offset, writtenAtMs: timestampMs, why }
}

/** Only the dlq-router and operators write events to the topic, so a structured event that cannot be read is one of theirs. */
function saysItIsOne({ headers }: LogRecord): boolean {
  return headers.some(([name, bytes]) => {
    const text = textOf(bytes) ?? ''
    if (name === 'ce_type') return OWN_TYPES.includes(text)
    return name === 'content-type' && EVENT_FORMAT.test(text)
  })
}

function violationOf({ type, data }: Event): string | undefined {
  const validate = validators[type]
  if (!validate) throw new Error(`schemas/compiled.js has no ${type}`)
  if (validate(data)) return undefined
  const [first] = validate.errors ?? []
  return first ? described(first) : 'it does not match its schema'
}

/** Names the field, not what is in it. */
function described({ instancePath, keyword, params }: SchemaViolation): string {
  const where = [...instancePath.split('/').slice(1), params.missingProperty ?? []].flat().join('.')
  const field = /^[\w.-]{1,80}$/.test(where) ? where : 'its data'
  return keyword === 'required' ? `${field} is missing` : `${field} breaks the schema's "${keyword}"`
}

/** Bytes that are not whole would come back as other bytes. */
function bytesViolation({ originalKey, originalValue, originalHeaders }: FailureData): string | undefined {
  if (!isBase64(originalKey)) return 'originalKey is not base64'
  if (!isBase64(originalValue)) return 'originalValue is not base64'
  for (const { value } of originalHeaders) if (!isBase64(value)) return 'a header is not base64'
  return undefined
}

function isBase64(text: string | null): boolean {
  return text === null || (text.length % 4 === 0 && BASE64.test(text))
}
