/** Records that are not CloudEvents, for tests. */
import { toJsonText } from '../cloudevents/json-text.ts'
import type { LogRecord } from '../cloudevents/record.ts'

/** A record that is not a CloudEvent. */
export interface PlainRecord {
  readonly key?: string | null
  /** Value, written as JSON unless it is a Buffer; null writes a record without a value. */
  readonly value: unknown
  /** Timestamp of the record in milliseconds since the epoch; by default, the timestamp of the previous record. */
  readonly timestampMs?: number
}

/** Returns the bytes of a record that is not a CloudEvent. */
export function toRecordContent({ key = null, value }: PlainRecord): Partial<LogRecord> {
  const bytes = value === null || Buffer.isBuffer(value) ? value : Buffer.from(toJsonText(value, 'value'))
  return { key: key === null ? null : Buffer.from(key), value: bytes }
}
