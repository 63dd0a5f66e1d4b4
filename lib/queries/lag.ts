/** Lag: the number of records that consumers have not processed yet, and the age of the oldest of them. */

import type { Bounds, TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { sumOf } from '../count.ts'
import { kafkaAnswer } from './kafka-answers.ts'
import { boundsIfThere } from './topics.ts'

/** Topic and consumer group of a function. */
export interface ReadTopic {
  readonly function: string
  readonly topic: string
  readonly group: string
}

/** Progress of a consumer. */
export interface ConsumerLag {
  /** Number of records that the consumer has not processed yet, over all partitions. */
  readonly pending: number
  /** Partitions in order; empty if the topic does not exist. */
  readonly partitions: readonly PartitionLag[]
}

interface PartitionLag {
  readonly partition: number
  /** Next offset that the consumer reads. */
  readonly next: number
  /** Offset after the last record. Records of an open transaction, and all after them, are not included yet. */
  readonly end: number
  /** Number of offsets from `next` to the end. It includes transaction markers, which Kafka counts like records. */
  readonly pending: number
}

/** Lag with the age of the first pending record. */
export interface AgedPartitionLag extends PartitionLag {
  /**
   * Time since the first pending record was written, in seconds; 0 without pending records. Null if none of
   * them can be read, for example because their transaction was aborted.
   */
  readonly seconds: number | null
}

/** Returns the number of offsets from the next one to read to the end of a log. Expired records are not included. */
export function offsetsBehind({ start, end }: Bounds, next: number): number {
  return end - Math.max(next, start)
}

/**
 * Returns the lag of consumers, from the committed offsets of their groups. A group without a committed
 * offset is assumed to start with the first record. A topic that does not exist has no pending records.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function consumerLags<Consumer extends ReadTopic>(
  offsets: Pick<TopicOffsets, 'bounds' | 'committed'>,
  consumers: readonly Consumer[],
): Promise<(Consumer & ConsumerLag)[]> {
  const topics = [...new Set(consumers.map(({ topic }) => topic))]
  const bounds = new Map(
    await Promise.all(topics.map(async topic => [topic, await boundsIfThere(offsets, topic)] as const)),
  )
  return Promise.all(
    consumers.map(async consumer => {
      const { group, topic } = consumer
      const known = bounds.get(topic)
      // Kafka reports no committed offsets for a topic that does not exist.
      const committed = known
        ? await kafkaAnswer(`consumer group ${group}`, offsets.committed(group, topic))
        : []
      const partitions = partitionLags(known ?? [], committed)
      return { ...consumer, partitions, pending: sumOf(partitions.map(({ pending }) => pending)) }
    }),
  )
}

/**
 * Returns the lag of a group in each partition of a topic. Partitions with unknown bounds are omitted. Pure.
 *
 * @param committed committed offset by partition; absent or negative if the group has none
 */
export function partitionLags(
  bounds: readonly (Bounds | undefined)[],
  committed: readonly (number | undefined)[],
): PartitionLag[] {
  return bounds.flatMap((bound, partition) => {
    if (!bound) return []
    const next = Math.max(bound.start, committed[partition] ?? bound.start)
    return [{ partition, next, end: bound.end, pending: Math.max(0, offsetsBehind(bound, next)) }]
  })
}

/** Returns the number of records before these ends that are pending, by partition. */
export function pendingBefore({ partitions }: ConsumerLag, ends: readonly number[]): number {
  return sumOf(ends.map((end, partition) => Math.max(0, end - (partitions[partition]?.next ?? 0))))
}

/**
 * Adds the age of the first pending record of each partition. Reads one record of each partition that has pending records.
 *
 * @param nowMs current time in milliseconds since the epoch, on a clock that agrees with the broker's
 */
export async function withAges<Lag extends ConsumerLag & { readonly topic: string }>(
  log: LogReader,
  lag: Lag,
  nowMs: number,
): Promise<Omit<Lag, 'partitions'> & { readonly partitions: readonly AgedPartitionLag[] }> {
  const aged = lag.partitions.map(async partition => {
    const writtenAtMs = partition.pending === 0 ? nowMs : await firstTimestamp(log, lag.topic, partition)
    const seconds = writtenAtMs === undefined ? null : Math.max(0, nowMs - writtenAtMs) / 1000
    return { ...partition, seconds }
  })
  return { ...lag, partitions: await Promise.all(aged) }
}

/** Returns the timestamp of the first readable record; undefined if there is none. */
async function firstTimestamp(
  log: LogReader,
  topic: string,
  { partition, next, end }: PartitionLag,
): Promise<number | undefined> {
  try {
    // Offsets are tried one by one, because the first ones may be transaction markers.
    for (let at = next; at < end; ) {
      const { records, nextOffset } = await log.read(topic, partition, { fromOffset: at, toOffset: at })
      const [first] = records
      if (first) return first.timestampMs
      at = nextOffset
    }
    return undefined
  } catch (error) {
    if (error instanceof Unavailable || isUnreadable(error)) return undefined
    throw error
  }
}
