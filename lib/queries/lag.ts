/** Lag: the number of records that consumers have not processed yet, and the waiting time of the first of them. */

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

/** How far a consumer is. */
export interface ConsumerLag {
  /** Records that it has not got through yet, all partitions together. */
  readonly pending: number
  /** Partitions in order; empty if the topic does not exist. */
  readonly partitions: readonly PartitionLag[]
}

interface PartitionLag {
  readonly partition: number
  /** The offset that the consumer takes next. */
  readonly next: number
  /** The offset after the last record. Records of a transaction that is open, and those behind it, do not count yet. */
  readonly end: number
  /** Offsets from `next` to the end: records, and the few markers of transactions, which Kafka counts alike. */
  readonly pending: number
}

/** Lag with the age of the first pending record. */
export interface AgedPartitionLag extends PartitionLag {
  /**
   * Seconds since the first pending record was written; 0 without pending records, and null if none of them can be read, for
   * example because their transaction was aborted.
   */
  readonly seconds: number | null
}

/** Number of offsets from the next one to be read to the end of a log. Expired records are not waiting to be read. */
export function offsetsBehind({ start, end }: Bounds, next: number): number {
  return end - Math.max(next, start)
}

/**
 * Distance of consumers from the present ends of their topics, by the committed offsets of their groups. A group without a
 * committed offset begins with the first record. A topic that does not exist has nothing pending.
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
 * How far a group is behind in each partition of a topic. A partition is left out if it is not known how far it reaches. Pure.
 *
 * @param committed by partition; nothing, or a negative number, where the group has committed nothing
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
 * Adds how long the first pending record of each partition has waited. It reads one record of each partition that has any.
 *
 * @param nowMs milliseconds since the epoch, on a clock that the broker's agrees with
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

/** Returns undefined if no record can be read. */
async function firstTimestamp(
  log: LogReader,
  topic: string,
  { partition, next, end }: PartitionLag,
): Promise<number | undefined> {
  try {
    // One offset after another: the first ones may be markers of transactions.
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
