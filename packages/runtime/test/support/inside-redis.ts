/** What tests and benchmarks of the application need of the inside of the engine, with the client of Redis. */
export { OPEN_BREAKER } from '../../adapters/redis/circuit-breaker.ts'
export type { RedisSettings } from '../../adapters/redis/connection.ts'
export { buildKeys } from '../../adapters/redis/keys.ts'
export { RedisLiveStates } from '../../adapters/redis/replaceable-states.ts'
export { COMPARE_AND_SET } from '../../adapters/redis/scripts.ts'
export { COMMIT, RedisStateStore } from '../../adapters/redis/state-store.ts'
