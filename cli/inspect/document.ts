/** Returns events in the JSON event format of CloudEvents, as a record contained them. Pure. */
import { isUtf8 } from 'node:buffer'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { isStructured } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'

export type EventDocument = Readonly<Record<string, unknown>>

/**
 * Returns the event of a record. The data is unchanged, or decoded if it was serialized.
 *
 * @param sent event as read from the record
 */
export function eventDocument(
  event: Event,
  sent: Event,
  record: Pick<LogRecord, 'headers' | 'value'>,
): EventDocument {
  const isSerialized = Buffer.isBuffer(sent.data) && !Buffer.isBuffer(event.data)
  return isStructured(record) && !isSerialized ? sentDocument(record.value) : documentOf(event)
}

/**
 * Returns the original document of structured mode, including extensions that are numbers or booleans. JSON
 * format, section 2.2: null means absent.
 */
function sentDocument(value: Buffer | null): EventDocument {
  const members = Object.entries(JSON.parse(String(value)) as EventDocument)
  return Object.fromEntries(members.filter(([name, member]) => name === 'data' || member !== null))
}

/**
 * Returns the event as a document. JSON format, section 3.1: data of a text type is a JSON string; other
 * bytes are base64.
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
