/** Settings that name the same thing in different ways. Pure. */
import type { Environment } from '#runtime/settings'

/** Variables that select a Kafka cluster. */
export const KAFKA_ADDRESSES = ['KAFKA_BROKERS', 'KAFKA_PORT', 'MSK_CLUSTER_ARN', 'EVENT_HUBS_CONN_STR']

/** Variables that select a Redis server. */
export const REDIS_ADDRESSES = ['REDIS_URL', 'REDIS_PORT']

/** Groups of variables that configure the same thing. */
const SAME: readonly (readonly string[])[] = [
  KAFKA_ADDRESSES,
  REDIS_ADDRESSES,
  ['KAFKA_USERNAME', 'KAFKA_SECRET'],
  ['KAFKA_CA_FILE', 'KAFKA_CA_SECRET'],
  ['KAFKA_TOPIC', 'TOPIC_NAMES'],
]

/**
 * Returns the settings of both environments. The first one takes precedence: a variable that is set there replaces the variables
 * of its group in the second one, a connection string also replaces the authentication, and another registry the secret.
 */
export function withPrecedence(first: Environment, second: Environment): Environment {
  const isSet = (name: string) => Boolean(first[name]?.trim())
  const isOtherRegistry =
    isSet('SCHEMA_REGISTRY_URL') &&
    second.SCHEMA_REGISTRY_URL &&
    first.SCHEMA_REGISTRY_URL !== second.SCHEMA_REGISTRY_URL
  const isReplaced = (name: string) =>
    isSet(name) ||
    SAME.some(names => names.includes(name) && names.some(isSet)) ||
    (name === 'KAFKA_AUTH' && isSet('EVENT_HUBS_CONN_STR')) ||
    (name === 'SCHEMA_REGISTRY_SECRET' && isOtherRegistry)
  const left = Object.entries(second).filter(([name]) => !isReplaced(name))
  return { ...first, ...Object.fromEntries(left) }
}
