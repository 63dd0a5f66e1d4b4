/** Where the failure of a record is remembered after its topic has grown. Pure. */
import type { FailureData } from '../../consumer/failure-event.ts'
import { partitionOf } from '../../consumer/murmur2.ts'
import type { Growth } from '../model.ts'

type FailurePosition = Pick<FailureData, 'consumer' | 'originalKey' | 'originalPartition' | 'originalOffset'>

/**
 * The partition to which a failed record comes back. The place of the record stays part of the failure's id; but each time its
 * topic grew, the failure went where its key goes. A record without a key, or one that was misrouted, has stayed.
 *
 * @param growths of the record's topic, the first one first
 */
export function presentPartition(
  { consumer, originalKey, originalPartition, originalOffset }: FailurePosition,
  growths: readonly Growth[],
): number {
  if (originalKey === null || growths.length === 0) return originalPartition
  const key = Buffer.from(originalKey, 'base64')
  let [partition, isThere] = [originalPartition, false]
  for (const { from, to, ends, except } of growths) {
    if (except.includes(consumer)) continue
    // A record that came after the growth failed where it is.
    isThere ||= originalOffset < (ends[originalPartition] ?? 0)
    if (isThere && partitionOf(key, from) === partition) partition = partitionOf(key, to)
  }
  return partition
}
