/** Finds the partition that remembers the failure of a record after the topic has grown. Pure. */
import type { FailureData } from '../../consumer/failure-event.ts'
import { computePartition } from '../../consumer/murmur2.ts'
import type { Growth } from './partition-state.ts'

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
