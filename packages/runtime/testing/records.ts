/** Creates records and batches for tests, with valid defaults. */
import { type CloudEventLike, normalizeEvent } from '../cloudevents/normalize-event.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { writeEvent } from '../cloudevents/writer.ts'
import type { Event } from '../consumer/event.ts'
import type { KafkaEvent, KafkaEventRecord } from '../pipeline/batch/receive.ts'

/** Default append time of offset 0: 2026-03-01T13:00:00Z. */
export const FIRST_APPEND_MS = Date.UTC(2026, 2, 1, 13)

/** Creates a record of the log. By default, records at consecutive offsets are appended one second apart. */
export function logRecord(
  offset: number,
  given: Event | CloudEventLike | Partial<Pick<LogRecord, 'key' | 'value' | 'headers'>>,
  place: Pick<LogRecord, 'topic'> & Partial<Pick<LogRecord, 'partition' | 'timestampMs'>>,
): LogRecord {
  const content = 'specversion' in given ? normalizeEvent(given) : given
  const written = 'type' in content ? writeEvent(content as Event) : content
  return {
    partition: 0,
    timestampMs: FIRST_APPEND_MS + offset * 1000,
    key: 'subject' in content ? Buffer.from(String(content.subject)) : null,
    value: null,
    headers: [],
    ...written,
    ...place,
    offset,
  }
}

/** Returns the event with which Lambda passes these records to a function. */
export function kafkaEvent(records: readonly LogRecord[]): KafkaEvent {
  const groups: Record<string, KafkaEventRecord[]> = {}
  for (const record of records) {
    const name = `${record.topic}-${record.partition}`
    groups[name] ??= []
    groups[name].push(toEventRecord(record))
  }
  return { records: groups }
}

/** Converted records. A simulation delivers each of them many times. */
const converted = new WeakMap<LogRecord, KafkaEventRecord>()

function toEventRecord(record: LogRecord): KafkaEventRecord {
  const known = converted.get(record) ?? convert(record)
  converted.set(record, known)
  return known
}

function convert(record: LogRecord): KafkaEventRecord {
  const { topic, partition, offset, timestampMs, key, value, headers } = record
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: headers.map(([name, bytes]) => ({ [name]: bytes === null ? {} : [...bytes] })),
  }
}
