/** Converts plain JSON records, which are not CloudEvents, to events. Pure. */
import { isUtf8 } from 'node:buffer'
import { attributeText } from '../consumer/attribute-text.ts'
import type { TopicReader, TopicRecord } from '../consumer/authored-application.ts'
import { derivedId } from '../consumer/derived-id.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { NOT_JSON, parseJsonPayload } from './json-format.ts'
import { extractTraceFromHeaders } from './trace.ts'

/** A plain JSON record, as passed to the functions of `JsonOptions`. */
export interface JsonRecord<Value = unknown> {
  /** Name of the topic within the application. */
  readonly topic: string
  /** Original position and timestamp of the record, which a redrive preserves. */
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  /** Key of the record; null if it has none, or if the key is not text. */
  readonly key: string | null
  readonly value: Value
}

/** Attributes of events that are created from plain JSON records. */
export interface JsonOptions<Value> {
  /** Returns the entity of the record, by default its key. All records of an entity must have the same key. */
  readonly entity?: (record: JsonRecord<Value>) => string | number | null | undefined
  /** Event type; by default, the name of the topic within the application. */
  readonly type?: string | ((record: JsonRecord<Value>) => string)
  /**
   * Returns the id by which repeats are recognised. By default it is derived from the position of the record
   * in its topic, so a record that its producer wrote twice counts twice.
   */
  readonly id?: (record: JsonRecord<Value>) => string | number
  /** Returns the time of the event: a Date, RFC 3339, or milliseconds since the epoch. By default, the timestamp of the record. */
  readonly time?: (record: JsonRecord<Value>) => Date | string | number
}

/**
 * Creates a reader that converts each plain JSON record to an event, with the source `/<topic>`, the entity as subject, and the
 * value as data. Records that are CloudEvents are read as CloudEvents. A record without a value becomes an event without data,
 * whose type ends with `.tombstone`.
 */
export function json<Value = unknown>(options: JsonOptions<Value> = {}): TopicReader {
  const { type } = options
  const read = (record: TopicRecord, event?: Event) =>
    event === undefined ? readJsonRecord(record, options) : undefined
  const types = (topics: readonly string[]) =>
    type === undefined ? topics : typeof type === 'string' ? [type] : []
  return Object.assign(read, { types })
}

function readJsonRecord<Value>(found: TopicRecord, options: JsonOptions<Value>): Event | Failure {
  const { name: topic, partition, offset, timestampMs, headers } = found
  const key = found.key !== null && isUtf8(found.key) ? found.key.toString() : null
  const place = { source: `/${topic}`, extensions: extractTraceFromHeaders(headers) }
  const placeId = derivedId(found.topic, partition, offset)
  if (found.value === null) {
    const type = typeof options.type === 'string' ? options.type : topic
    return withSubject({ ...place, id: placeId, type: `${type}.tombstone` }, key)
  }
  const parsed = parseJsonPayload(found.value)
  if (parsed.kind === 'failure')
    return parsed === NOT_JSON
      ? failure('data-not-decodable', `the value is not JSON, but the records of ${topic} must be JSON`)
      : parsed
  const record = { topic, partition, offset, timestampMs, key, value: parsed.value as Value }
  const { entity = ({ key }) => key, type = topic, id, time } = options
  const event = {
    ...place,
    id: id ? String(id(record)) : placeId,
    type: typeof type === 'function' ? type(record) : type,
    datacontenttype: 'application/json',
    data: parsed.value,
  }
  if (event.id === '' || event.type === '') return failure('mapping-failed', 'the id or the type is empty')
  if (!time) return withSubject(event, entity(record))
  const happened = new Date(time(record))
  return Number.isNaN(happened.getTime())
    ? failure('mapping-failed', 'the time is not a Date, RFC 3339 or milliseconds since the epoch')
    : withSubject({ ...event, time: happened.toISOString() }, entity(record))
}

function withSubject(event: Event, entity: string | number | null | undefined): Event | Failure {
  if (entity === null || entity === undefined || entity === '')
    return failure(
      'mapping-failed',
      'the record has no entity: by default that is its key, which must be text',
    )
  return { ...event, subject: attributeText(String(entity)) }
}
