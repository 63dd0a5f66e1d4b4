/**
 * Decides whether a record contains a CloudEvent that a consumer accepts. Only the envelope is checked, unless decoded data is
 * given. Pure.
 */

import { isUtf8 } from 'node:buffer'
import { readData } from '../../lib/app/event-data.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { isStructured, readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Failure, type FailureCode, failure } from '../../packages/runtime/consumer/failure-codes.ts'
import { fingerprint, NESTED_TOO_DEEPLY } from '../../packages/runtime/pipeline/deciding/fingerprint.ts'
import { largeAttribute } from '../../packages/runtime/pipeline/deciding/limits.ts'

type EventDocument = Readonly<Record<string, unknown>>

/**
 * Returns the event of a record as a JSON document. Serialized data is decoded; other data is unchanged.
 *
 * @param sent event that was read from the record, with its original data
 */
function eventDocument(
  event: Event,
  sent: Event,
  record: Pick<LogRecord, 'headers' | 'value'>,
): EventDocument {
  const isSerialized = Buffer.isBuffer(sent.data) && !Buffer.isBuffer(event.data)
  return isStructured(record) && !isSerialized ? sentDocument(record.value) : documentOf(event)
}

/**
 * Returns the original JSON document of an event in structured mode. Extensions that are numbers or booleans are kept. Members that
 * are null are omitted, because null means absent (JSON format, section 2.2).
 */
function sentDocument(value: Buffer | null): EventDocument {
  const members = Object.entries(JSON.parse(String(value)) as EventDocument)
  return Object.fromEntries(members.filter(([name, member]) => name === 'data' || member !== null))
}

/**
 * Returns the event as a JSON document. Data with a text type is a JSON string, and other bytes are encoded in base64 (JSON format,
 * section 3.1).
 */
function documentOf(event: Event): EventDocument {
  const { data, datacontenttype = '' } = event
  const isString = Buffer.isBuffer(data) && isUtf8(data) && isText(datacontenttype)
  return toJsonEvent(isString ? { ...event, data: data.toString() } : event)
}

const TEXT = /^(?:text\/[^\s;]+|[^\s;]+[/+](?:xml|yaml)|application\/x-www-form-urlencoded)\s*(?:;|$)/i
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i

/** Returns whether data of this content type is UTF-8 text. */
function isText(contentType: string): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(contentType) ?? []
  return TEXT.test(contentType) && /^(?:utf-?8|us-ascii)$/i.test(charset)
}

interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** JSON document that `inspect --json` prints for each record. */
export type Verdict =
  | (RecordPosition & { readonly accepted: true; readonly event: EventDocument })
  | (RecordPosition & { readonly accepted: false; readonly code: FailureCode; readonly reason: string })

/**
 * Makes the checks that a consumer makes first, before it checks the type, the time and the state.
 *
 * @param plain event with decoded data, or the failure if the data cannot be decoded. If given, the data must also match the schema
 * of its type.
 */
export function verdictOn(record: LogRecord, plain?: Event | Failure): Verdict {
  const { topic, partition, offset } = record
  const place = { topic, partition, offset }
  const sent = readEvent(record)
  const event = plain ?? sent
  const refused = isFailure(event) ? event : ((plain && dataRefusal(event)) ?? refusal(event))
  if (refused) return { ...place, accepted: false, code: refused.code, reason: refused.message }
  return { ...place, accepted: true, event: eventDocument(event as Event, sent as Event, record) }
}

function dataRefusal(event: Event): Failure | undefined {
  const data = readData(event)
  return data.kind === 'failure' ? data : undefined
}

function refusal(event: Event): Failure | undefined {
  const large = largeAttribute(event)
  if (large) return failure('attributes-too-large', large)
  return fingerprint(event) ? undefined : NESTED_TOO_DEEPLY
}
