/**
 * What is known of servers without a client of theirs: addresses, how a topic is configured, whether a server is away, and what it
 * refused. For operators and features.
 */

export type { AwsPlace } from '../../adapters/aws/secrets-and-parameters.ts'
export { AUTHENTICATIONS } from '../../adapters/kafka/authentication.ts'
export { brokersAnswer, isAway, isRefusal } from '../../adapters/kafka/availability.ts'
export { isUnknownTopic, RefusedByKafka, unknownTopic } from '../../adapters/kafka/errors.ts'
export { parseConnectionString } from '../../adapters/kafka/event-hubs.ts'
export { type KafkaTopic, topicConfiguration } from '../../adapters/kafka/topic-configuration.ts'
export { describeAddress, parseRedisUrl } from '../../adapters/redis/address.ts'
export { CONNECTION_ROWS, type ServerName, serverUnavailable } from '../../adapters/server-failure.ts'
