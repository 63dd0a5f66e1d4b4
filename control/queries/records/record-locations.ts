/** Finds where the records of a range are: in objects of the history, in the log, or nowhere. */

import type { LogRecord } from '#runtime/cloudevents'
import type { LogReader } from '#runtime/pipeline'
import {
  type HistoryStore,
  type HistoryTable,
  isWithin,
  listSlices,
  missingRanges,
  type OffsetRange,
  rowsOfSlice,
  type Slice,
  tailRanges,
  toOriginalRecord,
} from '../../../lib/history/index.ts'
import { readRecordGroups } from '../../../lib/log/read-records.ts'
import type { TopicReach } from '../../../lib/log/topic-bounds.ts'
import type { Families } from '../../../lib/telemetry/index.ts'

/** Places that contain records. At least one of both is present. */
export interface RecordPlaces {
  readonly store?: HistoryStore | undefined
  /** Log with the topics' offsets, from a time on; undefined for an unknown topic. Absent if only the history is read. */
  readonly log?:
    | {
        readonly reader: LogReader
        readonly reach: (topic: string, sinceMs: number) => Promise<TopicReach | undefined>
      }
    | undefined
}

type Log = NonNullable<RecordPlaces['log']>

/** Time range, in milliseconds since the epoch. The end is excluded. */
export interface TimeRange {
  readonly fromMs: number
  readonly untilMs: number
}

/** Records of a partition in ascending order of offset. A part without an object is read from the log. */
export interface PartitionParts {
  readonly topic: string
  readonly partition: number
  readonly parts: readonly (OffsetRange & Partial<Pick<Slice, 'object'>>)[]
  /** Offsets of the range that neither the history nor the log has. */
  readonly missing: readonly OffsetRange[]
  /** True if the log ends before the history, because the topic was created again. */
  readonly isRecreated: boolean
}

/**
 * Returns the partitions of topics with the places of their records.
 *
 * @param withOthers true to also return the other topics of which the history has records of the table
 */
export async function listPartitions(
  { store, log }: Pick<RecordPlaces, 'store'> & { readonly log?: Pick<Log, 'reach'> | undefined },
  table: HistoryTable,
  topics: readonly string[],
  { fromMs, untilMs }: Pick<TimeRange, 'fromMs'> & { readonly untilMs?: number | undefined },
  withOthers = false,
): Promise<readonly PartitionParts[]> {
  // Later objects are listed too, so that their offsets do not count as missing.
  const query = { table, ...(!withOthers && { topics }), sinceMs: fromMs }
  const archived = Map.groupBy(store ? await listSlices(store, query) : [], ({ topic }) => topic)
  const found: PartitionParts[] = []
  for (const topic of new Set([...topics, ...archived.keys()])) {
    const own = archived.get(topic) ?? []
    const reach = await log?.reach(topic, fromMs)
    const count = Math.max(reach?.bounds.length ?? 0, ...own.map(({ partition }) => partition + 1))
    for (let partition = 0; partition < count; partition += 1) {
      const slices = own.find(partitionSlices => partitionSlices.partition === partition)?.slices ?? []
      const bounds = reach?.bounds[partition]
      const start = Math.max(bounds?.start ?? 0, reach?.atTime[partition] ?? 0)
      const live = bounds ? tailRanges(slices, { start, end: bounds.end }) : []
      const parts: PartitionParts['parts'][number][] = [...slices, ...live].toSorted(
        (a, b) => a.fromOffset - b.fromOffset,
      )
      const read = parts.filter(({ object }) => object === undefined || isWithin(object, { untilMs }))
      const isRecreated = bounds !== undefined && (slices.at(-1)?.toOffset ?? -1) >= bounds.end
      if (parts.length > 0)
        found.push({ topic, partition, parts: read, missing: missingRanges(slices, bounds), isRecreated })
    }
  }
  return found
}

/** Yields the records of a part in groups. */
export async function* readPart(
  families: Families,
  { store, log }: RecordPlaces,
  { topic, partition }: Pick<PartitionParts, 'topic' | 'partition'>,
  { object, fromOffset, toOffset }: PartitionParts['parts'][number],
  { fromMs, untilMs }: TimeRange,
): AsyncGenerator<readonly LogRecord[]> {
  const isInside = ({ timestampMs }: LogRecord) => timestampMs >= fromMs && timestampMs < untilMs
  if (object && store) {
    for await (const rows of rowsOfSlice(families, store, { object, fromOffset, toOffset }))
      yield rows.map(toOriginalRecord).filter(isInside)
  } else if (log) {
    const range = { topic, partition, start: fromOffset, end: toOffset + 1 }
    for await (const group of readRecordGroups(log.reader, [range])) {
      yield group.filter(isInside)
      if (group.some(({ timestampMs }) => timestampMs >= untilMs)) return
    }
  }
}
