/** Consumer groups: their states and members, as their coordinators see them. */
import type { Kafka } from '../../packages/runtime/adapters/kafka/client.ts'
import { describeGroups, type GroupDescription } from '../../packages/runtime/adapters/kafka/groups.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/**
 * The groups of these names, in this order. One that Kafka does not know is there with the state `missing`.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function consumerGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  return kafkaAnswer(`consumer groups ${groups.join(', ')}`, describeGroups(kafka, groups))
}
