/**
 * What is known of servers without a client of theirs: addresses, whether one is away, and what one refused. For operators and
 * features.
 */
export { AUTHENTICATIONS } from '../../adapters/kafka/authentication.ts'
export { brokersAnswer, isAway, isRefusal } from '../../adapters/kafka/availability.ts'
export { isUnknownTopic, RefusedByKafka, unknownTopic } from '../../adapters/kafka/errors.ts'
export { parseConnectionString } from '../../adapters/kafka/event-hubs.ts'
export { describeAddress, parseRedisUrl } from '../../adapters/redis/address.ts'
export { CONNECTION_ROWS, type ServerName, serverUnavailable } from '../../adapters/server-failure.ts'
