/** Reads the states and members of consumer groups from their coordinators. */
import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { describeGroups, type GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/**
 * Returns the groups with these names, in the same order. A group that does not exist in Kafka has the state `missing`.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function consumerGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  return kafkaAnswer(`consumer groups ${groups.join(', ')}`, describeGroups(kafka, groups))
}
