/** Records in another partition than Kafka's default partitioner would choose: the state of their entity may be elsewhere. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { Application } from '../../consumer/application.ts'
import { partitionOf } from '../../consumer/murmur2.ts'
import type { Partitioning } from '../model.ts'

/**
 * The misrouted records of one partition. None without a key is misrouted, and none of a topic unknown to the application.
 *
 * @param grown how many partitions the topic has, if not as many as the application gave it
 */
export function misroutedOf(
  application: Application,
  topic: string,
  partition: number,
  grown: Partitioning | undefined,
  records: readonly LogRecord[],
): readonly LogRecord[] {
  const partitions = grown?.partitions ?? application.topicNamed(topic)?.partitions
  if (partitions === undefined) return []
  return records.filter(
    ({ key, decodedByLambda }) =>
      key !== null && !decodedByLambda?.key && partitionOf(key, partitions) !== partition,
  )
}
