/** Growth of a topic: which partition an entity and its failures have moved to. Pure. */
import type { FailureData } from '../../consumer/failure-event.ts'
import { computePartition } from '../../consumer/murmur2.ts'

/** Distribution of the entities of a topic that an earlier version of Sluice has grown. Absent for all other topics. */
export interface Partitioning {
  /** Number of times the topic has grown. */
  readonly generation: number
  readonly partitions: number
}

/** Increase of a topic's partition count. States, timers and failures have followed their keys to the new partitions. */
export interface Growth {
  readonly from: number
  readonly to: number
  /** For each old partition, the offset after its last record before the growth. */
  readonly ends: readonly number[]
  /** Names of consumers whose failures were not moved when the topic grew. */
  readonly except: readonly string[]
}

type FailurePosition = Pick<FailureData, 'consumer' | 'originalKey' | 'originalPartition' | 'originalOffset'>

/**
 * Returns the partition for the redrive of a failed record. The id of the failure contains the original position of the record, but
 * each time the topic grew, the failure moved to the new partition of the record's key. The failure of a record without a key, or
 * of a misrouted record, did not move.
 *
 * @param growths growths of the record's topic, oldest growth first
 */
export function findPresentPartition(
  { consumer, originalKey, originalPartition, originalOffset }: FailurePosition,
  growths: readonly Growth[],
): number {
  if (originalKey === null || growths.length === 0) return originalPartition
  const key = Buffer.from(originalKey, 'base64')
  let [partition, isThere] = [originalPartition, false]
  for (const { from, to, ends, except } of growths) {
    if (except.includes(consumer)) continue
    // A record that was written after a growth failed in its current partition.
    isThere ||= originalOffset < (ends[originalPartition] ?? 0)
    if (isThere && computePartition(key, from) === partition) partition = computePartition(key, to)
  }
  return partition
}
