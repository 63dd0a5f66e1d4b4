/** The archiver: writes each segment of a topic as an object of the history. */
import {
  type Application,
  ConfigError,
  confirmSegment,
  RetryableError,
  type SegmentLimits,
  type SegmentSink,
} from '#runtime/consumer'
import { type DataReader, Unavailable } from '#runtime/pipeline'
import type { Families } from '../telemetry/families.ts'
import { formatDay, formatObjectKey } from './object-key.ts'
import { encodeRows } from './parquet.ts'
import { toHistoryRows } from './row.ts'
import { type HistoryStore, HistoryUnavailable } from './store.ts'
import type { HistoryTable } from './tables.ts'

/** Maximum time span of an object, in milliseconds of log time. */
export const SEGMENT_SPAN_MS = 6 * 60 * 60_000

/**
 * Limits of an object. Objects are never merged, so an object is as large as a function can hold in memory, and so long that DuckDB
 * can open those of a year: see `docs/history.md`. A silent topic waits for a tick: see `SegmentLimits.spanMs`.
 */
const SEGMENTS: SegmentLimits = { offsets: 50_000, bytes: 32 * 1024 * 1024, spanMs: SEGMENT_SPAN_MS }

interface ArchiverParts {
  readonly name: string
  readonly store: HistoryStore
  readonly reader: DataReader
  readonly families: Families
  /** Returns the table of a Kafka topic; undefined for a topic that is not archived. */
  tableOfTopic(topic: string): HistoryTable | undefined
}

/**
 * Returns the archiver. It accepts no events, because it writes all records as they are in the log: repeats, ticks, records for
 * other consumers, and records without an event.
 */
export function archiver(
  { name, store, reader, families, tableOfTopic }: ArchiverParts,
  limits: SegmentLimits = SEGMENTS,
): SegmentSink {
  return {
    name,
    accepts: [],
    segments: limits,
    async write({ topic, partition, firstOffset, lastOffset, records }) {
      const table = tableOfTopic(topic)
      if (!table) throw new ConfigError(name, [`the topic ${topic} has no table in the history`])
      const [first] = records as [(typeof records)[number]]
      const day = formatDay(first.timestampMs)
      const range = { table, topic, day, partition, firstOffset, lastOffset }
      try {
        const rows = await toHistoryRows(records, reader)
        await store.put(formatObjectKey(range), encodeRows(families, table, rows))
      } catch (error) {
        const waits = error instanceof HistoryUnavailable || error instanceof Unavailable
        throw waits ? new RetryableError(error.message, { cause: error }) : error
      }
      return confirmSegment('archived')
    },
    close: () => store.close?.(),
  }
}

/** Type of the events that stand for records. It exists only within the archiver. */
const RECORD_TYPE = 'record'

const RECORD = { id: 'record', source: '/record', type: RECORD_TYPE }

/**
 * Returns the application of the archiver, which reads every record without understanding it. It replaces the event in each record,
 * so that nothing in it can fail, be ignored as a repeat, or act on the archiver. All records are decided with the reason
 * `archived`, once their segment is written.
 */
export function hideEvents({ failureEndedType: _, ...others }: Application): Application {
  return {
    ...others,
    ignoredTypes: new Map([[RECORD_TYPE, 'archived']]),
    readsMalformed: true,
    readForeign: () => RECORD,
    readData: ({ data }) => ({ kind: 'data', data }),
  }
}
