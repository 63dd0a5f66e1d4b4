/** Records that are not where Kafka's own partitioning would have put them: what is known of their entity may be elsewhere. */
import type { LogRecord } from '../cloudevents/record.ts'
import { partitionOf } from '../domain/murmur2.ts'
import { topicNamed } from '../domain/topics.ts'

/** Of one partition. A record without a key belongs nowhere else, and of a topic that is not ours nothing is known. */
export function straysOf(
  topic: string,
  partition: number,
  records: readonly LogRecord[],
): readonly LogRecord[] {
  const partitions = topicNamed(topic)?.partitions
  if (partitions === undefined) return []
  return records.filter(({ key }) => key !== null && partitionOf(key, partitions) !== partition)
}
