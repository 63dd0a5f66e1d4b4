/** Reads the lag of consumers: the number of records that they have not processed yet, and the age of the oldest such record. */

import type { Bounds, TopicOffsets } from '#runtime/operating/kafka'
import { isUnreadable, type LogReader, Unavailable } from '#runtime/pipeline'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import { findTopicBounds } from '../../../lib/log/topic-bounds.ts'
import { computeSum } from '../../../lib/support/count.ts'
import type { ReadTopic } from '../../environment/functions.ts'

/** Progress of a consumer in a topic. */
export interface ConsumerLag {
  /** Number of records in all partitions that the consumer has not processed yet. */
  readonly pending: number
  /** Partitions in order of their numbers; empty if the topic does not exist. */
  readonly partitions: readonly PartitionLag[]
}

interface PartitionLag {
  readonly partition: number
  /** Next offset to be read by the consumer. */
  readonly next: number
  /** Offset after the last readable record. Records of an open transaction and all records after them are not readable yet. */
  readonly end: number
  /** Number of offsets from `next` to the end, including transaction markers. */
  readonly pending: number
}

/** Lag of a partition, with the age of the first pending record. */
export interface AgedPartitionLag extends PartitionLag {
  /**
   * Time since the first pending record was written, in seconds; 0 without pending records, also if only markers and aborted records
   * are pending. Null if no pending record can be read.
   */
  readonly seconds: number | null
}

/** Returns the number of offsets between the next one to read and the end of the log; 0 beyond the end. Expired records are not counted. */
export function countOffsetsBehind({ start, end }: Bounds, next: number): number {
  return Math.max(0, end - Math.max(next, start))
}

/**
 * Returns the lag of consumers, based on the committed offsets of their groups. A group without a committed offset is assumed to
 * start at the first record. A missing topic has no pending records.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function readConsumerLags<Consumer extends ReadTopic>(
  offsets: Pick<TopicOffsets, 'bounds' | 'fetchCommitted'>,
  consumers: readonly Consumer[],
): Promise<(Consumer & ConsumerLag)[]> {
  const topics = [...new Set(consumers.map(({ topic }) => topic))]
  const bounds = new Map(
    await Promise.all(topics.map(async topic => [topic, await findTopicBounds(offsets, topic)] as const)),
  )
  return Promise.all(
    consumers.map(async consumer => {
      const { group, topic } = consumer
      const topicBounds = bounds.get(topic)
      // Kafka does not report committed offsets for a topic that does not exist.
      const committed = topicBounds
        ? await awaitKafkaAnswer(`consumer group ${group}`, offsets.fetchCommitted(group, topic))
        : []
      const partitions = computePartitionLags(topicBounds ?? [], committed)
      return { ...consumer, partitions, pending: computeSum(partitions.map(({ pending }) => pending)) }
    }),
  )
}

/**
 * Returns the lag of a group in each partition of a topic. Partitions with unknown bounds are omitted. Pure.
 *
 * @param committed committed offset by partition; absent or negative if the group has not committed
 */
export function computePartitionLags(
  bounds: readonly (Bounds | undefined)[],
  committed: readonly (number | undefined)[],
): PartitionLag[] {
  return bounds.flatMap((bound, partition) => {
    if (!bound) return []
    const next = Math.max(bound.start, committed[partition] ?? bound.start)
    return [{ partition, next, end: bound.end, pending: countOffsetsBehind(bound, next) }]
  })
}

/** Returns the number of pending records before the given end offsets. */
export function countPendingBefore({ partitions }: ConsumerLag, ends: readonly number[]): number {
  return computeSum(ends.map((end, partition) => Math.max(0, end - (partitions[partition]?.next ?? 0))))
}

/**
 * Adds the age of the first pending record to each partition. One record is read from each partition with pending records.
 *
 * @param nowMs current time in milliseconds since the epoch. The clock must be synchronised with the broker's clock.
 */
export async function addAges<Lag extends ConsumerLag & { readonly topic: string }>(
  log: LogReader,
  lag: Lag,
  nowMs: number,
): Promise<Omit<Lag, 'partitions'> & { readonly partitions: readonly AgedPartitionLag[] }> {
  const aged = lag.partitions.map(async partition => {
    const writtenAtMs = partition.pending === 0 ? nowMs : await readFirstTimestamp(log, lag.topic, partition)
    const seconds = writtenAtMs === undefined ? null : Math.max(0, nowMs - writtenAtMs) / 1000
    return { ...partition, seconds }
  })
  return { ...lag, partitions: await Promise.all(aged) }
}

/** Returns the timestamp of the first record; Infinity if the range has none, undefined if it cannot be read. */
export async function readFirstTimestamp(
  log: LogReader,
  topic: string,
  { partition, next, end }: PartitionLag,
): Promise<number | undefined> {
  try {
    // The first offset is read alone, because it usually has a record. The next ones may belong to markers and aborted records.
    for (let at = next; at < end; ) {
      const toOffset = at === next ? at : end - 1
      const { records, nextOffset } = await log.read(topic, partition, { fromOffset: at, toOffset })
      const [first] = records
      if (first) return first.timestampMs
      at = nextOffset
    }
    return Number.POSITIVE_INFINITY
  } catch (error) {
    if (error instanceof Unavailable || isUnreadable(error)) return undefined
    throw error
  }
}
