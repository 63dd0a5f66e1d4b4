/** The stored states of consumers, for operators: listed, shown, skipped. It is given a client, and loads none. */
export { RedisCircuitBreaker } from '../../adapters/redis/circuit-breaker.ts'
export { findRefusedCommands } from '../../adapters/redis/refused-commands.ts'
export { RedisSkippedRecords } from '../../adapters/redis/skipped-records.ts'
export {
  type StateDetails,
  StateInspection,
  type StateSummary,
} from '../../adapters/redis/state-inspection.ts'
export { type ListedRebuild, type ListedState, StateList } from '../../adapters/redis/state-list.ts'
export { LOAD } from '../../adapters/redis/state-store.ts'
export { RedisValue } from '../../adapters/redis/stored-value.ts'
