/** Records that are decided again in memory, for operators and tests of rules. Loads no client. */
export { MemoryStateStore } from '../../adapters/memory/state-store.ts'
export { decodeRecords, GIVEN_RECORDS, Replay } from '../../pipeline/replay.ts'
