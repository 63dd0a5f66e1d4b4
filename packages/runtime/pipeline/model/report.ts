/** Reports of the pipeline, for logs and metrics. */
import type { Failure } from '../../consumer/failure-codes.ts'
import type { Decision, StoppedPartition } from './decision.ts'
import type { FailureMemory } from './failure-memory.ts'
import type { OffsetRange } from './log.ts'
import type { OutboxEntry, StateKey } from './partition-state.ts'
import type { FailedTry } from './tries.ts'

/** Report about one partition. Its kind is the name of the counter that it increases, if it increases one. */
export type Report = { readonly stateKey: StateKey } & (
  | { readonly kind: 'decisions'; readonly decisions: readonly Decision[] }
  /** Records at or below the applied offset. They were decided before, and are dropped. */
  | { readonly kind: 'redelivered'; readonly records: number }
  | ({ readonly kind: 'deferred' } & StoppedPartition)
  /** A receiver has not accepted all records. The last try is also reported, before its records fail. */
  | ({ readonly kind: 'offer-failed' } & FailedTry)
  /** Published entries could not be removed from the outbox. Their chunk is deferred, and published again when it is delivered again. */
  | { readonly kind: 'outbox-not-trimmed'; readonly count: number; readonly error: unknown }
  /** Kafka permanently refuses entries. Each entry was replaced by a failure record that contains the reason. */
  | { readonly kind: 'refused'; readonly entries: readonly OutboxEntry[]; readonly error: unknown }
  /** Entries were sent as dead letters. If they could not be removed from the outbox, they are reported again. */
  | { readonly kind: 'dead-letters'; readonly entries: readonly OutboxEntry[] }
  /**
   * Offsets after the applied offset were not delivered and are read from the log. A long range is a sign that the store has lost
   * state.
   */
  | ({ readonly kind: 'range-read-back' } & OffsetRange)
  /**
   * Records are read back although their failures are no longer in the topics for failures. A record that failed before may succeed
   * now, and its emissions may be dropped by their readers.
   */
  | { readonly kind: 'failures-not-kept'; readonly records: number }
  /** Offsets after the applied offset have expired. Their records are lost. */
  | ({ readonly kind: 'expired' } & OffsetRange)
  /** The partition state is empty although the log is not new. Processing starts at this offset, its first one. */
  | { readonly kind: 'no-applied-offset'; readonly fromOffset: number }
  /** A log of another application was created again, and is read from its start. The applied offset is that of the old log. */
  | { readonly kind: 'log-created-again'; readonly appliedOffset: number }
  /**
   * The failure memory is nearly full, or failures were forgotten to free memory. `limit` is the upper bound for the failure memory
   * of a partition state, in bytes.
   */
  | ({ readonly kind: 'failure-memory'; readonly limit: number } & FailureMemory)
  /** No record was appended for longer than the clock advances in one step. Only for consumers with timers. */
  | { readonly kind: 'clock-gap'; readonly beforeOffset: number; readonly ms: number }
  /** Producers set the timestamps of the log from this offset on, and the consumer's timers depend on them. */
  | { readonly kind: 'timed-by-producers'; readonly fromOffset: number }
  /** This code cannot read the stored context. The initial context is used until an event sets the next one. */
  | { readonly kind: 'context-unreadable'; readonly why: string }
  /** Records from this offset on are misrouted: Kafka's default partitioner would not have put them into this partition. */
  | { readonly kind: 'misrouted'; readonly fromOffset: number; readonly records: number }
  /**
   * The batches of this code version are deferred because too many records have failed unexpectedly. `failure` is the first
   * failure.
   */
  | { readonly kind: 'breaker-open'; readonly sinceMs: number; readonly failure?: Failure | undefined }
)

export type ReportOf<Kind extends Report['kind']> = Extract<Report, { readonly kind: Kind }>
