/** Converts a record of any topic to a readable form, decoded as far as possible. Pure. */

import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { type Event, type Failure, instant } from '#runtime/consumer'
import { type BytesView, type HeaderView, toBytesView, toHeaderView } from './bytes-view.ts'

/** Readable form of a record. */
export interface RecordView {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp of the record, RFC 3339; null if it has none. */
  readonly recordTime: string | null
  /** Event time, unchanged from the producer. Null if the event has no time, or the record does not contain an event. */
  readonly eventTime: string | null
  readonly key: BytesView | null
  readonly headers: readonly HeaderView[]
  /** Event in the CloudEvents JSON format; null if the record does not contain an event. */
  readonly event: Readonly<Record<string, unknown>> | null
  /** Reason why the record does not contain an event. */
  readonly failure: { readonly code: string; readonly message: string } | null
  /** Value of the record. Null if the record contains an event. */
  readonly value: BytesView | null
}

/**
 * Converts a record to its readable form.
 *
 * @param event decoded event, or the failure if the record cannot be decoded. Defaults to the event with its original data.
 */
export function toRecordView(record: LogRecord, event: Event | Failure = readEvent(record)): RecordView {
  const { topic, partition, offset, timestampMs, key, value, headers } = record
  const isEvent = !isFailure(event)
  return {
    ...{ topic, partition, offset, recordTime: formatTimestamp(timestampMs) },
    eventTime: isEvent ? (event.time ?? null) : null,
    key: key && toBytesView(key),
    headers: headers.map(toHeaderView),
    event: isEvent ? toEventDocument(event) : null,
    failure: isEvent ? null : { code: event.code, message: event.message },
    value: isEvent || value === null ? null : toBytesView(value),
  }
}

/** Returns the timestamp of a record, RFC 3339; null if it has none, for which clients write -1. */
export function formatTimestamp(timestampMs: number): string | null {
  return timestampMs < 0 ? null : instant(timestampMs)
}

/**
 * Converts an event to the CloudEvents JSON format (sections 2 and 3.1). Attributes are members of one object, and binary data is
 * in `data_base64`.
 */
export function toEventDocument({
  data,
  extensions,
  ...attributes
}: Event): Readonly<Record<string, unknown>> {
  const named = { specversion: '1.0', ...attributes, ...extensions }
  if (!Buffer.isBuffer(data)) return data === undefined ? named : { ...named, data }
  const view = toBytesView(data)
  return 'text' in view ? { ...named, data: view.text } : { ...named, data_base64: view.base64 }
}
