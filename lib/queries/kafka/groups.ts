/** Reads the states and members of consumer groups from their coordinators. */
import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { describeGroups, type GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import { awaitKafkaAnswer } from './kafka-answers.ts'

/**
 * Returns the groups with these names, in the same order. A group that does not exist in Kafka has the state `missing`.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export function readConsumerGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  return awaitKafkaAnswer(`consumer groups ${groups.join(', ')}`, describeGroups(kafka, groups))
}
