/**
 * What runs consumers, as others see it: the ports, what a batch and a partition's state consist of, how records are decoded and
 * positions of emissions written, and the errors. Pure: for all of the application.
 */
export { type KafkaEvent, receive } from './batch/receive.ts'
export {
  type AnyKeyedProcess,
  CONSUMER_DEFAULTS,
  type Consumer,
  computeEarliestMs,
  keepsStates,
  readsForeignLogs,
} from './consumer.ts'
export { type Decoded, decode } from './decoding/decode.ts'
export { PlainLog, plainEvents, plainRecords } from './decoding/plain-records.ts'
export { CopyStopped, isUnreadable, PartitionStopped, RecordRefused, Unavailable } from './errors.ts'
export { OPEN_MS } from './failures/failure-surge.ts'
export { compareCodes, computeCode } from './loading/code.ts'
export type { Decision, ParkedOutcome, RecordOutcome } from './model/decision.ts'
export { computeDigest, isNestedTooDeeply, NESTED_TOO_DEEPLY } from './model/fingerprint.ts'
export type { Hold } from './model/hold.ts'
export { MAX_STEP_MS, type OffsetRange, type ReadRange } from './model/log.ts'
export { isAbsent, type OutboxEntry, type StateKey, type StoredTimer } from './model/partition-state.ts'
export { readState } from './model/stored-state.ts'
export { buildRecord } from './outbox/outgoing-record.ts'
export { findEmittingRecord, findOriginTopic, formatOrigin, withoutOrigin } from './outbox/position.ts'
export type { DataReader, LogBounds, LogReader, Publisher, SkippedRecords } from './ports.ts'
