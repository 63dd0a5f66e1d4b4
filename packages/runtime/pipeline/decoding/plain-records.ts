/** Reads events of any format for display. It is used outside of consumers. */
import { isFailure } from '../../cloudevents/event.ts'
import { decodeText } from '../../cloudevents/header-bytes.ts'
import { hasNoAttributes, readAnyEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { isSchemaHeader } from '../../cloudevents/wire-format.ts'
import { otherHeaders, writeEvent } from '../../cloudevents/writer.ts'
import { findDataFormat } from '../../consumer/data-format.ts'
import type { Event } from '../../consumer/event.ts'
import type { Failure } from '../../consumer/failure-codes.ts'
import { findUnprepared } from '../errors.ts'
import type { OffsetRange, ReadRange } from '../model/log.ts'
import type { DataReader, LogReader } from '../ports.ts'

/**
 * Returns the events of the records, with plain data. For a record without a readable event, returns the failure.
 *
 * @throws Unavailable if a schema cannot be fetched
 */
export async function plainEvents(
  records: readonly LogRecord[],
  reader: DataReader,
): Promise<readonly (Event | Failure)[]> {
  const sent = records.map(record => readAnyEvent(record, reader.takesWholeEvents))
  const missing = records.filter((record, index) => !isAtHand(sent[index] as Event, record, reader))
  if (missing.length > 0) await reader.prepare(missing)
  return records.map((record, index) => {
    const event = sent[index] as Event | Failure
    return isFailure(event) ? event : reader.read(event, record)
  })
}

function isAtHand(event: Event | Failure, record: LogRecord, reader: DataReader): boolean {
  if (isFailure(event) || !Buffer.isBuffer(event.data)) return true
  try {
    reader.read(event, record)
    return true
  } catch (error) {
    if (findUnprepared(error)) return false
    throw error
  }
}

/** Log reader that returns records with plain data. A record without a readable event is returned unchanged. */
export class PlainLog implements LogReader {
  readonly #log: LogReader
  readonly #reader: DataReader

  constructor(log: LogReader, reader: DataReader) {
    this.#log = log
    this.#reader = reader
  }

  async read(topic: string, partition: number, range: OffsetRange): Promise<ReadRange> {
    const looked = await this.#log.read(topic, partition, range)
    return { ...looked, records: await plainRecords(looked.records, this.#reader) }
  }

  leave(topic: string, partition: number): void {
    this.#log.leave?.(topic, partition)
  }
}

/**
 * Returns the records as if their events had been sent as CloudEvents with JSON data. Rejects with `Unavailable` if a schema cannot
 * be fetched.
 */
export async function plainRecords(
  records: readonly LogRecord[],
  reader: DataReader,
): Promise<readonly LogRecord[]> {
  const others = records.map(mayBeSerialized)
  if (!others.includes(true)) return records
  const events = await plainEvents(records, reader)
  return records.map((record, index) => {
    const event = events[index] as Event | Failure
    return isFailure(event) || !others[index] ? record : rewritten(record, event)
  })
}

/**
 * Returns true if the data of the record may be in another format than JSON, or its event without headers. Only the first bytes are checked, so that most records
 * are read only once.
 */
function mayBeSerialized({ value, headers }: LogRecord): boolean {
  if (value === null) return false
  const contentType = headers.find(([name]) => name === 'content-type')
  const format = contentType && findDataFormat(decodeText(contentType[1]) ?? '')
  if (value[0] === 0 || headers.some(isSchemaHeader) || hasNoAttributes({ headers })) return true
  return format === 'json' ? value.includes('"data_base64"') : format !== undefined
}

function rewritten(record: LogRecord, event: Event): LogRecord {
  const { value, headers } = writeEvent(event)
  return { ...record, value, headers: [...headers, ...otherHeaders(record.headers, event)] }
}
