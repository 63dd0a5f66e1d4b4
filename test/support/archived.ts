/** Archives records in a history, as the archiver does. */
import { dayOf, objectKey } from '../../lib/history/object-key.ts'
import { encodeRows } from '../../lib/history/parquet.ts'
import { rowsOf } from '../../lib/history/row.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import type { HistoryTable } from '../../lib/history/tables.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'

/** Reads data that is JSON already. */
export const JSON_READER: PlainReader = { read: event => event, prepare: async () => {} }

/** Writes records of one partition as one object. @param level level of the object; a part by default */
export async function archived(
  store: HistoryStore,
  table: HistoryTable,
  records: readonly LogRecord[],
  level: 'parts' | 'compacted' = 'parts',
): Promise<void> {
  const [first, last] = [records[0], records.at(-1)] as [LogRecord, LogRecord]
  const { topic, partition, offset: firstOffset } = first
  const day = dayOf(first.timestampMs)
  const key = objectKey({ table, level, topic, day, partition, firstOffset, lastOffset: last.offset })
  await store.put(key, encodeRows(table, await rowsOf(records, JSON_READER)))
}
