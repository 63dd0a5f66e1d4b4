/** An event in the JSON event format of CloudEvents, as a record carried it. Pure. */
import { isUtf8 } from 'node:buffer'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { isStructured } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'

export type EventDocument = Readonly<Record<string, unknown>>

/**
 * The event in a record, with its data as it was sent, or plain where it was serialized.
 *
 * @param sent the event as it was read from the record
 */
export function eventDocument(
  event: Event,
  sent: Event,
  record: Pick<LogRecord, 'headers' | 'value'>,
): EventDocument {
  const isSerialized = Buffer.isBuffer(sent.data) && !Buffer.isBuffer(event.data)
  return isStructured(record) && !isSerialized ? sentDocument(record.value) : documentOf(event)
}

/** The document of structured mode as it was sent, with extensions that are numbers or true. JSON format, 2.2: null means absent. */
function sentDocument(value: Buffer | null): EventDocument {
  const members = Object.entries(JSON.parse(String(value)) as EventDocument)
  return Object.fromEntries(members.filter(([name, member]) => name === 'data' || member !== null))
}

/** JSON format, 3.1: data of a type that is text is a JSON string; all other bytes are base64. */
function documentOf(event: Event): EventDocument {
  const { data, datacontenttype = '' } = event
  const isString = Buffer.isBuffer(data) && isUtf8(data) && isText(datacontenttype)
  return toJsonEvent(isString ? { ...event, data: data.toString() } : event)
}

const TEXT = /^(?:text\/[^\s;]+|[^\s;]+[/+](?:xml|yaml)|application\/x-www-form-urlencoded)\s*(?:;|$)/i
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i

/** Whether data of this type is text in UTF-8. */
function isText(contentType: string): boolean {
  const [, charset = 'utf-8'] = CHARSET.exec(contentType) ?? []
  return TEXT.test(contentType) && /^(?:utf-?8|us-ascii)$/i.test(charset)
}
