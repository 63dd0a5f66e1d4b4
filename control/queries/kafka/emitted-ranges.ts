/** Offset ranges of the topics to which consumers emit. */

import type { TopicOffsets } from '#runtime/operating/kafka'
import type { OutputRange } from '#runtime/operating/verify'
import { findTopicBounds } from '../../../lib/log/topic-bounds.ts'

/** Returns the offset ranges by topic. Missing topics are omitted. @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer` */
export async function readEmittedRanges(
  offsets: Pick<TopicOffsets, 'bounds'>,
  topics: Iterable<string>,
): Promise<ReadonlyMap<string, readonly OutputRange[]>> {
  const ranges = new Map<string, readonly OutputRange[]>()
  for (const topic of topics) {
    const bounds = await findTopicBounds(offsets, topic)
    if (bounds) ranges.set(topic, bounds)
  }
  return ranges
}
