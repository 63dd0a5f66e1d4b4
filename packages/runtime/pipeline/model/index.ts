/** The nouns of the pipeline: the state of a partition, decisions, reasons and limits. Pure. The application imports this room through this file. */
export type { Decision, ParkedOutcome, RecordOutcome } from './decision.ts'
export { computeDigest, isNestedTooDeeply, NESTED_TOO_DEEPLY } from './fingerprint.ts'
export type { Hold } from './hold.ts'
export { MAX_STEP_MS, type OffsetRange, type ReadRange } from './log.ts'
export { isAbsent, type OutboxEntry, type StateKey, type StoredTimer } from './partition-state.ts'
export { readState } from './stored-state.ts'
