/** Reads the extent of the history, and how far it is behind the topics. */
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { type Frontiers, parseFrontiers, rowsIn } from '../history/compaction.ts'
import { coverage, missingRanges, type OffsetRange } from '../history/coverage.ts'
import { frontierKey, type HistoryObject, type Level } from '../history/object-key.ts'
import { objectsOf } from '../history/read.ts'
import type { HistoryStore } from '../history/store.ts'
import type { HistoryTable } from '../history/tables.ts'
import { type ConsumerLag, partitionLags, withAges } from './lag.ts'
import { type BoundsSource, boundsIfThere } from './topics.ts'

export interface HistoryStatus {
  readonly topics: readonly HistoryTopic[]
  /** Keys of objects that do not belong to the history. */
  readonly foreign: readonly string[]
}

export interface HistoryTopic {
  readonly table: HistoryTable
  readonly topic: string
  readonly parts: ObjectSum
  readonly compacted: ObjectSum
  readonly partitions: readonly HistoryPartition[]
}

interface ObjectSum {
  readonly objects: number
  readonly bytes: number
}

export interface HistoryPartition {
  readonly partition: number
  /** Number of archived offsets. */
  readonly rows: number
  /** First and last archived offset; null if nothing is archived. */
  readonly firstOffset: number | null
  readonly lastOffset: number | null
  /** Last offset up to which all rows are in compacted objects; null if there is none. */
  readonly frontier: number | null
  /** Ranges that are not archived, although a later record is archived or the range has expired from the topic. */
  readonly missing: readonly OffsetRange[]
  /** Number of records in the topic that are not archived yet, from the last archived offset to the end; null without a topic. */
  readonly pending: number | null
  /** Time since the first of these records was written, in seconds; 0 if there are none, null if it cannot be read. */
  readonly seconds: number | null
}

interface Sources {
  readonly store: HistoryStore
  readonly offsets: BoundsSource
  readonly log: LogReader
}

/**
 * Returns the status of tables.
 *
 * @param topics topics of each table. Other topics in the history are added.
 * @throws HistoryUnavailable if the store cannot be used; RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function historyStatus(
  sources: Sources,
  topics: ReadonlyMap<HistoryTable, readonly string[]>,
  nowMs: number,
): Promise<HistoryStatus> {
  const found: HistoryTopic[] = []
  const foreign: string[] = []
  for (const [table, own] of topics) {
    const objects = await objectsOf(sources.store, { table }, key => foreign.push(key))
    const byTopic = Map.groupBy(objects, ({ topic }) => topic)
    for (const topic of new Set([...own, ...byTopic.keys()]))
      found.push(await topicStatus(sources, table, topic, byTopic.get(topic) ?? [], nowMs))
  }
  return { topics: found, foreign }
}

async function topicStatus(
  { store, offsets, log }: Sources,
  table: HistoryTable,
  topic: string,
  objects: readonly HistoryObject[],
  nowMs: number,
): Promise<HistoryTopic> {
  const text = String((await store.get(frontierKey(table, topic))) ?? '')
  const frontiers: Frontiers = parseFrontiers(text) ?? new Map()
  const byPartition = Map.groupBy(objects, ({ partition }) => partition)
  const bounds = (await boundsIfThere(offsets, topic)) ?? []
  const ends = Array.from(
    { length: Math.max(bounds.length, ...[...byPartition.keys()].map(partition => partition + 1)) },
    (_, partition) => Math.max(-1, ...(byPartition.get(partition) ?? []).map(one => one.lastOffset)),
  )
  const lags: ConsumerLag = {
    pending: 0,
    partitions: partitionLags(
      bounds,
      ends.map(last => last + 1),
    ),
  }
  const { partitions: aged } = await withAges(log, { ...lags, topic }, nowMs)
  const partitions = ends.map((last, partition): HistoryPartition => {
    const slices = coverage(byPartition.get(partition) ?? [])
    const start = bounds[partition]?.start ?? 0
    const lag = aged.find(one => one.partition === partition)
    return {
      partition,
      rows: rowsIn(slices),
      firstOffset: slices[0]?.fromOffset ?? null,
      lastOffset: last >= 0 ? last : null,
      frontier: frontiers.get(partition)?.toOffset ?? null,
      // Records that the log still has between slices are not archived either.
      missing: missingRanges(slices, { start, end: start }),
      pending: lag?.pending ?? null,
      seconds: lag?.seconds ?? null,
    }
  })
  return { table, topic, parts: sumOf(objects, 'parts'), compacted: sumOf(objects, 'compacted'), partitions }
}

function sumOf(objects: readonly HistoryObject[], level: Level): ObjectSum {
  const own = objects.filter(one => one.level === level)
  return { objects: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) }
}
