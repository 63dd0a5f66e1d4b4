/** Reads events of any format for display. It is used outside of consumers. */
import { isFailure } from '../../cloudevents/event.ts'
import { decodeText } from '../../cloudevents/header-bytes.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { readRedriveTarget } from '../../cloudevents/redrive.ts'
import { isSchemaHeader } from '../../cloudevents/wire-format.ts'
import { otherHeaders, writeEvent } from '../../cloudevents/writer.ts'
import type { Application } from '../../consumer/application.ts'
import { findDataFormat } from '../../consumer/data-format.ts'
import type { Event } from '../../consumer/event.ts'
import type { Failure } from '../../consumer/failure-codes.ts'
import { unpreparedIn } from '../errors.ts'
import type { OffsetRange, ReadRange } from '../model/log.ts'
import type { DataReader, LogReader } from '../ports.ts'
import { readForeign } from './decode.ts'

/** Reader of event data for display. */
export interface PlainReader extends DataReader {
  /**
   * Resolves to the function with which the consumers of the topic read records that are not CloudEvents; undefined if they have
   * none.
   */
  readonly foreign?: () => Promise<Application['readForeign']>
}

/**
 * Returns the events of the records, with plain data. For a record without a readable event, returns the failure.
 *
 * @throws Unavailable if a schema cannot be fetched
 */
export async function plainEvents(
  records: readonly LogRecord[],
  reader: PlainReader,
): Promise<readonly (Event | Failure)[]> {
  const foreign = await reader.foreign?.()
  const sent = records.map(record => sentEvent(record, foreign))
  const missing = records.filter((record, index) => !isAtHand(sent[index] as Event, record, reader))
  if (missing.length > 0) await reader.prepare(missing)
  return records.map((record, index) => {
    const event = sent[index] as Event | Failure
    return isFailure(event) ? event : reader.read(event, record)
  })
}

function sentEvent(record: LogRecord, foreign: Application['readForeign']): Event | Failure {
  const read = readEvent(record)
  return foreign ? readForeign(record, read, { readForeign: foreign }, readRedriveTarget(record)) : read
}

function isAtHand(event: Event | Failure, record: LogRecord, reader: DataReader): boolean {
  if (isFailure(event) || !Buffer.isBuffer(event.data)) return true
  try {
    reader.read(event, record)
    return true
  } catch (error) {
    if (unpreparedIn(error)) return false
    throw error
  }
}

/** Log reader that returns records with plain data. A record without a readable event is returned unchanged. */
export class PlainLog implements LogReader {
  readonly #log: LogReader
  readonly #reader: PlainReader

  constructor(log: LogReader, reader: PlainReader) {
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
  reader: PlainReader,
): Promise<readonly LogRecord[]> {
  const foreign = await reader.foreign?.()
  const isOther = (record: LogRecord) =>
    mayBeSerialized(record) || (foreign !== undefined && isMapped(record, foreign))
  const others = records.map(isOther)
  if (!others.includes(true)) return records
  const events = await plainEvents(records, reader)
  return records.map((record, index) => {
    const event = events[index] as Event | Failure
    return isFailure(event) || !others[index] ? record : rewritten(record, event)
  })
}

/** Returns true if a mapping of the application converts the record to another event. */
function isMapped(record: LogRecord, foreign: NonNullable<Application['readForeign']>): boolean {
  return mappedRecord(record, foreign) !== record
}

/** Returns the record as mapped to a CloudEvent, or the failure of the mapping; the record itself if no mapping applies. */
export function mappedRecord(
  record: LogRecord,
  foreign: NonNullable<Application['readForeign']>,
): LogRecord | Failure {
  const read = readEvent(record)
  const event = readForeign(record, read, { readForeign: foreign }, readRedriveTarget(record))
  if (event === read) return record
  return isFailure(event) ? event : rewritten(record, event)
}

/**
 * Returns true if the data of the record may be in another format than JSON. Only the first bytes are checked, so that most records
 * are read only once.
 */
function mayBeSerialized({ value, headers }: LogRecord): boolean {
  if (value === null) return false
  const contentType = headers.find(([name]) => name === 'content-type')
  const format = contentType && findDataFormat(decodeText(contentType[1]) ?? '')
  if (value[0] === 0 || headers.some(([name]) => isSchemaHeader(name))) return true
  return format === 'json' ? value.includes('"data_base64"') : format !== undefined
}

function rewritten(record: LogRecord, event: Event): LogRecord {
  const { value, headers } = writeEvent(event)
  return { ...record, value, headers: [...headers, ...otherHeaders(record.headers, event)] }
}
