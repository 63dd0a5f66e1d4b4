/** An invocation, and its work on one partition. */
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decoding/decode.ts'
import type { Unavailable } from './errors.ts'
import type { SurgeGuard } from './failures/failure-surge.ts'
import type { PublishedFailureReader } from './failures/published-failures.ts'
import type { LogChecks } from './log/log-identity.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { PendingRecords } from './log/pending-records.ts'
import type { SegmentCutter } from './log/segment-cutter.ts'
import type { End } from './model/chunk.ts'
import type { PublishedFailures } from './model/failure-memory.ts'
import type { LogIdentity } from './model/log.ts'
import type { StateKey } from './model/partition-state.ts'
import type { Snapshot } from './model/snapshot.ts'
import type { Allowed } from './model/tries.ts'
import type { Ports } from './ports.ts'

/** Limits and dependencies of an invocation. Some of them are kept from one invocation to the next. */
export interface Invocation extends SurgeGuard {
  readonly remainingMs: () => number
  /** True if the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Wall clock for the circuit breaker and for the digests of a sink. Processes have no access to it. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly logChecks: LogChecks
  /** Absent if nothing is published, so that earlier failures do not matter. */
  readonly publishedFailures?: PublishedFailureReader
  /** Error that prevents this invocation from deciding anything, so that its partitions wait; absent if none exists. */
  readonly unavailable?: Unavailable
  /** Records that are decoded already, by offset; absent if all are decoded from their bytes. */
  readonly decoded?: ReadonlyMap<number, Decoded>
}

/** One partition of a batch, while its chunks are processed. */
export interface PartitionRun {
  readonly consumer: Consumer
  readonly ports: Ports & { readonly log: PartitionLog }
  readonly invocation: Invocation
  readonly stateKey: StateKey
  /** Identity of the log, for a process with `foreignLogs`; absent for others, and if the brokers have no ids of topics. */
  readonly log?: LogIdentity | undefined
  /** Ensures that the state and the pending records belong to this log. Present where `log` is. */
  readonly followLog?: (snapshot: Snapshot) => Promise<End | undefined>
  readonly code: string
  readonly pending: PendingRecords
  /** True if producers set the timestamps of the batch. */
  readonly hasProducerTimes: boolean
  readonly cutter: SegmentCutter | undefined
  readonly allowed: Allowed
  /** Set once records were read back. */
  publishedFailures?: PublishedFailures
}
