/** The pipeline's interfaces to Kafka, Redis, receivers and observers. All adapters of a port must pass the same conformance suite. */
import type { LogRecord, OutgoingRecord } from '../cloudevents/record.ts'
import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import type { Tried } from './deciding/tries.ts'
import type {
  Change,
  Decision,
  FailureMemory,
  LoadSelection,
  OffsetRange,
  OutboxEntry,
  ReadRange,
  Snapshot,
  StateKey,
  StoppedPartition,
} from './model.ts'
import type { Recovery } from './recovery/checkpoints.ts'

export interface Ports {
  readonly store: StateStore
  readonly publisher: Publisher
  readonly log: LogReader
  readonly breaker: CircuitBreaker
  readonly observer: Observer
  /** Resolves to undefined if checkpoints are disabled. */
  readonly recovery?: () => Promise<Recovery | undefined>
}

/**
 * Store for partition states. Every method rejects with `Unavailable` if the store cannot be reached or does not answer in time.
 * `load` and `commit` reject with `PartitionStopped` if the store has lost a part of the partition state.
 */
export interface StateStore {
  load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot>
  /**
   * Stores all of the change or nothing. The commit is refused if the version of the partition state differs from `change.base`.
   */
  commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'>
  /** Removes exactly these entries from the outbox. Entries that are already gone are not an error. */
  trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void>
}

/**
 * Records that operators have skipped. They are stored separately from the partition state and remain skipped if the state is
 * replaced or dropped. Every method rejects with `Unavailable` if the store cannot be reached.
 */
export interface SkippedRecords {
  /** Returns the digests of skipped records by offset. */
  skipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>>
  /** Skips a record, unless its effects are in the state already. @param digest `digestOf` of the record */
  skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'>
  unskip(stateKey: StateKey, offset: number): Promise<boolean>
}

export interface Publisher {
  /**
   * Resolves when all replicas have acknowledged every record. Within each partition, the first copy of each record is in the given
   * order. Rejects with `RecordRefused` if Kafka will never accept one of the records, and with `Unavailable` if it may accept them
   * later. After a rejection, any of the records may have been written.
   */
  publish(records: readonly OutgoingRecord[]): Promise<unknown>
}

/** Upper bound for the records of one read, in bytes by `sizeOf`. A larger record is returned alone. */
export const MAX_READ_BYTES = 4 * 1024 * 1024

/**
 * Reads records from the log directly, not from a batch. Rejects with `Unavailable` if Kafka cannot be reached, and with
 * `PartitionStopped` if it answers but the records cannot be read, or if the log ends before the range: then these offsets belong to
 * another log.
 */
export interface LogReader {
  /**
   * Returns as much of the range as one fetch returns, but at most `MAX_READ_BYTES`. Call it again from `nextOffset`. Does not
   * affect any consumer group.
   *
   * @param holding records whose bytes do not contain this text may be omitted, which is much faster if few contain it
   */
  read(topic: string, partition: number, range: OffsetRange, holding?: string): Promise<ReadRange>
  /** Frees resources that are kept for further reads of this partition. Optional: calling it never changes a result. */
  leave?(topic: string, partition: number): void
}

/** Current bounds of a log. Rejects with `Unavailable` if Kafka cannot be reached. */
export interface LogBounds {
  /** Returns the first retained offset and the offset after the last record, for each partition. */
  bounds(topic: string): Promise<readonly { readonly start: number; readonly end: number }[]>
}

/** Positions of a forwarder in its partitions. Both methods reject with `Unavailable` if the store cannot be reached. */
export interface Cursors {
  read(stateKey: StateKey): Promise<Cursor | undefined>
  /** Advances the cursor if it is still `from`. Otherwise another invocation has moved it, and this one must stop. */
  advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'>
}

export interface Cursor {
  readonly next: number
  /** The last forwarded record, which identifies the log; absent before the first. */
  readonly last?: { readonly offset: number; readonly digest: string }
}

/** Reads data that is not plain JSON, such as Avro, Protobuf, and other formats with a schema id of a registry. */
export interface DataReader {
  /**
   * Returns the event with plain data and `datacontenttype`, as if it had been sent as JSON. An event whose
   * data is in no known format is returned unchanged. A failure has the code `schema-unknown` or
   * `data-not-decodable`, or says that a number cannot be represented exactly.
   *
   * @param record record of the event
   * @throws Unavailable, with the record, if the schema must be prepared first
   */
  read(event: Event, record: LogRecord): Event | Failure
  /**
   * Fetches the schemas of these records that are not available yet.
   *
   * @throws Unavailable if one cannot be fetched, after all others were fetched
   */
  prepare(records: readonly LogRecord[]): Promise<void>
}

/** Circuit breaker that defers the batches of a version of the code. It is stored, so that all invocations share it. */
export interface CircuitBreaker {
  /**
   * Opens the breaker. Returns the time when it was opened, now or before, in milliseconds since the epoch,
   * or `reset` if an operator has closed it.
   *
   * @throws Unavailable
   */
  open(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'reset'>
}

/** Receives notifications of what happened, to log and count it. It must never keep payloads. */
export interface Observer {
  decided(stateKey: StateKey, decisions: readonly Decision[]): void
  /** Reports records at or below the applied offset, which were decided before and are dropped. */
  redelivered(stateKey: StateKey, count: number): void
  waiting(stateKey: StateKey, waiting: StoppedPartition): void
  /** Reports a try in which a receiver did not accept records. The last try is reported too, before the records fail. */
  tried(stateKey: StateKey, tried: Tried): void
  /** Reports entries that are published but still in the outbox. The next batch of the partition publishes them again. */
  outboxNotTrimmed(stateKey: StateKey, count: number, error: unknown): void
  /** Reports entries that Kafka does not accept. Each was replaced by a failure record with the reason. */
  refused(stateKey: StateKey, entries: readonly OutboxEntry[], error: unknown): void
  /** Reports entries that were sent to the dead letters. If the outbox was not trimmed, they are reported again. */
  deadLettersSent(stateKey: StateKey, entries: readonly OutboxEntry[]): void
  /**
   * Reports undelivered offsets after the applied offset, which are read from the log. A long range indicates
   * that the store lost state.
   */
  rangeReadBack(stateKey: StateKey, range: OffsetRange): void
  /** Reports offsets after the applied offset that the log no longer has. Their records are lost. */
  expired(stateKey: StateKey, range: OffsetRange): void
  /** Reports that the partition state is empty but the log has older records. All records from this offset on are read. */
  startsWithoutAppliedOffset(stateKey: StateKey, fromOffset: number): void
  /**
   * Reports that the failure memory is nearly full, or that failures had to be forgotten.
   *
   * @param limit upper bound for a partition state, in bytes
   */
  failureMemory(stateKey: StateKey, memory: FailureMemory, limit: number): void
  restoredFromCheckpoint(partitionState: StateKey, appliedOffset: number, takenAtMs: number): void
  /** Reports that a checkpoint was skipped because its contents are damaged. */
  checkpointDamaged(partitionState: StateKey, takenAtMs: number, error: Error): void
  /** Reports that the log was silent for longer than its clock may advance in one step. Called only for consumers with timers. */
  clockGap(stateKey: StateKey, beforeOffset: number, ms: number): void
  /** Reports that producers set the timestamps of the log from this offset on, and that the consumer's timers depend on them. */
  timedByProducers(stateKey: StateKey, fromOffset: number): void
  /** Reports that this code cannot read the stored context. The initial context is used until the next one is set. */
  contextUnreadable(stateKey: StateKey, why: string): void
  /** Reports misrouted records from this offset on: Kafka's default partitioner would not have put them into this partition. */
  misrouted(stateKey: StateKey, fromOffset: number, count: number): void
  /**
   * Reports that the batches of this code version wait in Kafka because of too many unexpected failures.
   * `failure` is the first of them.
   */
  breakerOpen(stateKey: StateKey, sinceMs: number, failure?: Failure): void
}
