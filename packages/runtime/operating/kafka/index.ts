/** Topics, groups and offsets of a cluster, for operators: inspection, creation, reading and writing. Loads the client of Kafka. */
export type { OfBroker } from '@sluice/kafka-records/requests'
export {
  compareTopics,
  ensureTopics,
  type TopicComparison,
  type TopicDifference,
  type TopicsOptions,
  type TopicsOutcome,
} from '../../adapters/kafka/application-topics.ts'
export { type Kafka, kafkaClient } from '../../adapters/kafka/client.ts'
export { ClusterInspection, type KnownBounds } from '../../adapters/kafka/cluster-inspection.ts'
export {
  type Committed,
  describeGroups,
  fetchOffsetsByGroup,
  type GroupDescription,
  listVisibleGroups,
} from '../../adapters/kafka/groups.ts'
export { KafkaLogReader } from '../../adapters/kafka/log-reader.ts'
export { brokerSettings, type NewestBatches, newestBatches } from '../../adapters/kafka/newest-batches.ts'
export { ProducerConnection } from '../../adapters/kafka/producer-connection.ts'
export type { TopicPublisher } from '../../adapters/kafka/producer-ports.ts'
export { signInProblem } from '../../adapters/kafka/sign-in-problem.ts'
export { splitIntoRequests } from '../../adapters/kafka/split-requests.ts'
export {
  alterSettings,
  brokerCount,
  createTopic,
  growTopic,
  isInternal,
  isTopicNotCreated,
  type NewTopic,
  type TopicLayout,
  type TopicPartition,
  toLayout,
  topicLayouts,
  topicNotCreated,
  validateTopic,
} from '../../adapters/kafka/topic-admin.ts'
export { type Bounds, TopicOffsets } from '../../adapters/kafka/topic-offsets.ts'
export { bulkPublisher } from '../../producer/publisher.ts'
export { resolveKafkaAccess } from '../../settings/resolve-kafka-access.ts'
