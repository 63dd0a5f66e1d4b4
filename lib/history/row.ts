/**
 * Rows of the history: one for each record of the log. A row gives its record back, so that consumers can be run over the
 * history. A record in which no CloudEvent can be read is kept with its bytes and the code of the failure.
 */

import {
  isFailure,
  isStructured,
  type LogRecord,
  otherHeaders,
  type RecordHeader,
  writeEvent,
} from '#runtime/cloudevents'
import type { Event, Failure } from '#runtime/consumer'
import { type DataReader, plainEvents } from '#runtime/pipeline'

export interface HistoryRow {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Timestamp of the record, in milliseconds since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** Event in the record, with plain data. Absent if none can be read. */
  readonly event?: Event
  /** Headers of the record. Without those that contain the event, unless there is `raw`. */
  readonly headers: readonly RecordHeader[]
  /** Set if the event does not give the record back: the record's value and all its headers are kept as they are. */
  readonly raw?: RawRecord
}

interface RawRecord {
  readonly value: Buffer | null
  /** Code of the failure, if the record contains no event that can be read. */
  readonly code?: string
}

/**
 * Returns the rows of records. Data in the format of a schema registry is decoded. A record whose data cannot be decoded has `raw`.
 *
 * @param reader reads data that is not JSON
 * @throws Unavailable if the registry does not answer
 */
export async function toHistoryRows(
  records: readonly LogRecord[],
  reader: DataReader,
): Promise<HistoryRow[]> {
  const events = await plainEvents(records, reader)
  return records.map((record, index) => toHistoryRow(record, events[index] as Event | Failure))
}

function toHistoryRow(record: LogRecord, event: Event | Failure): HistoryRow {
  const { topic, partition, offset, timestampMs, key, value, headers } = record
  const row = { topic, partition, offset, timestampMs, key, headers }
  if (isFailure(event)) return { ...row, raw: { value, code: event.code } }
  if (!isRestorable(record, event)) return { ...row, event, raw: { value } }
  return { ...row, event, headers: headers.length === 0 ? headers : otherHeaders(headers, event) }
}

/** Returns true if writing the event makes a record from which the same event is read. */
function isRestorable(record: LogRecord, event: Event): boolean {
  if (event.datacontenttype === undefined && event.data !== undefined) return false
  return !isStructured(record) || !record.headers.some(([name]) => name.startsWith('ce_'))
}

/**
 * Returns the record of a row. Its event, key, timestamp and other headers are those of the original record. Its bytes can differ,
 * because the event is written in binary mode with JSON data.
 */
export function toOriginalRecord({ event, raw, ...place }: HistoryRow): LogRecord {
  if (raw || !event) return { ...place, value: raw?.value ?? null }
  const written = writeEvent(event)
  return { ...place, value: written.value, headers: [...written.headers, ...place.headers] }
}
