/** The client of Redis, and what replaces stored states with it, for operators. Loads that client. */
export { RedisClient } from '../../adapters/redis/client.ts'
export { RedisReplaceableStates } from '../../adapters/redis/replaceable-states.ts'
