/** Determines the offset ranges of topics that contain the events emitted since a given time. */

import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { OutputRange } from '../../packages/runtime/pipeline/verifying/emissions.ts'
import { topicReach } from './topics.ts'

/**
 * Returns the offset ranges by topic. Missing topics are omitted.
 *
 * @param sinceMs start time in milliseconds since the epoch; 0 for all retained records
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function emittedRanges(
  offsets: Pick<TopicOffsets, 'bounds' | 'at'>,
  topics: Iterable<string>,
  sinceMs: number,
): Promise<ReadonlyMap<string, readonly OutputRange[]>> {
  const ranges = new Map<string, readonly OutputRange[]>()
  for (const topic of topics)
    try {
      const { bounds, atTime } = await topicReach(offsets, topic, sinceMs > 0 ? sinceMs : undefined)
      const from = ({ start, end }: OutputRange | { start: number; end: number }, partition: number) => {
        const found = sinceMs > 0 ? (atTime[partition] ?? -1) : start
        // Kafka returns -1 if all records are older than the requested time.
        return found < 0 ? end : Math.max(found, start)
      }
      ranges.set(
        topic,
        bounds.map((one, partition) => ({ ...one, from: from(one, partition) })),
      )
    } catch (error) {
      if (!isUnknownTopic(error)) throw error
    }
  return ranges
}
