/** A log with everything that foreign producers may write, and what a reader must return for it. */

import { CODEC_NAMES, recordBatch, type WrittenRecord } from '@sluice/test-kit/record-batches'
import type { LogRecord } from '../../cloudevents/record.ts'

/** The record at offset 0. Offsets 1 and 3 are transaction markers, offset 2 is an aborted record. */
const COMMITTED: WrittenRecord = { key: 'committed', value: 'in a transaction' }
const LARGE_BYTES = 20 * 1024 * 1024
const TIMESTAMP_MS = Date.now()

const ODD_RECORDS: readonly WrittenRecord[] = [
  {
    key: 'nulls',
    headers: [
      ['a', null],
      ['b', 'x'],
      ['a', 'y'],
      ['a', null],
      ['2', ''],
      ['1', null],
    ],
  },
  {
    key: 'names',
    value: '',
    headers: [
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['__proto__', 'z'],
    ],
  },
  { key: 'large', value: Buffer.alloc(LARGE_BYTES), headers: [['trace', 'kept']] },
  {
    key: null,
    value: 'after it',
    headers: Array.from({ length: 20_000 }, (_, n) => [`name ${n}`, `${n}`] as const),
  },
]

/** The batches after a committed and an aborted transaction of one record each. */
export const ODD_BATCHES: readonly Buffer[] = CODEC_NAMES.map(codec =>
  recordBatch({ records: ODD_RECORDS, codec, firstTimestampMs: TIMESTAMP_MS, maxTimestampMs: TIMESTAMP_MS }),
)

/** The offset of the first batch. */
const BATCHES_FROM = 4

export const ODD_LOG_END = BATCHES_FROM + CODEC_NAMES.length * ODD_RECORDS.length

/** The records that a reader of committed records must see, apart from the timestamp of the first. */
export function oddRecords(topic: string, partition: number): LogRecord[] {
  const place = { topic, partition }
  const first = { ...place, offset: 0, timestampMs: TIMESTAMP_MS, ...createContent(COMMITTED) }
  const rest = CODEC_NAMES.flatMap(() => ODD_RECORDS).map((record, n) => ({
    ...place,
    offset: BATCHES_FROM + n,
    timestampMs: TIMESTAMP_MS + (n % ODD_RECORDS.length),
    ...createContent(record),
  }))
  return [first, ...rest]
}

function createContent({ key = null, value = null, headers = [] }: WrittenRecord) {
  const isLarge = value?.length === LARGE_BYTES
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null || isLarge ? null : Buffer.from(value),
    headers: headers.map(([name, bytes]) => [name, bytes === null ? null : Buffer.from(bytes)] as const),
    // The length of the value, and some bytes for the other fields.
    ...(isLarge ? { oversizeBytes: LARGE_BYTES + 25 } : {}),
  }
}
