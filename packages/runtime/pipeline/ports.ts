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
  /** Resolves to undefined if no checkpoints are kept. */
  readonly recovery?: () => Promise<Recovery | undefined>
}

/**
 * Every method rejects with `Unavailable` if the store cannot be reached or does not answer in time. `load` and `commit` reject
 * with `PartitionStopped` if the store has lost a part of the partition state and kept the rest.
 */
export interface StateStore {
  load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot>
  /** All or nothing; refused if the partition state's version is no longer `change.base`. */
  commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'>
  /** Removes exactly these entries from the outbox. Entries that are already gone are not an error. */
  trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void>
}

/**
 * The records that operators have set aside, beside the partition state: they stay set aside if the state is replaced or dropped. Every
 * method rejects with `Unavailable` if the store cannot be reached.
 */
export interface SkippedRecords {
  /** Digests by offset. */
  skipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>>
  /** Sets a record aside, unless its effects are in the state already. @param digest its `digestOf` */
  skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'>
  unskip(stateKey: StateKey, offset: number): Promise<boolean>
}

export interface Publisher {
  /**
   * Resolves when all replicas have acknowledged every record. In each partition, first copies are in the given order. Rejects
   * with `RecordRefused` if Kafka will never accept one of the records, and with `Unavailable` if it may accept them later. After
   * a rejection, any of the records may have been written.
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
   * Returns as much of the range as one fetch does, but not more than `MAX_READ_BYTES`; call again from `nextOffset`. Does
   * not affect any consumer group.
   *
   * @param holding records without this text in their bytes may be left out, which is much faster where few have it
   */
  read(topic: string, partition: number, range: OffsetRange, holding?: string): Promise<ReadRange>
  /** The partition is not read on for now: frees what is kept for that. Optional, and never needed for a correct result. */
  leave?(topic: string, partition: number): void
}

/** Bounds of a log now. Rejects with `Unavailable` if Kafka cannot be reached. */
export interface LogBounds {
  /** Returns for each partition the first retained offset, and the offset after the last one. */
  bounds(topic: string): Promise<readonly { readonly start: number; readonly end: number }[]>
}

/** How far a forwarder has come in each partition. Both methods reject with `Unavailable` if the store cannot be reached. */
export interface Cursors {
  read(stateKey: StateKey): Promise<Cursor | undefined>
  /** Moves the cursor, unless it is no longer `from`: then another invocation has moved it, and this one must stop. */
  advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'>
}

export interface Cursor {
  readonly next: number
  /** The last record that was forwarded, to recognise the log by; absent while there was none. */
  readonly last?: { readonly offset: number; readonly digest: string }
}

/** Reads data that is not plain JSON: Avro, Protobuf, and whatever carries the id of a schema in a registry. */
export interface DataReader {
  /**
   * The event with plain data, as if it had been sent as JSON: `datacontenttype` says so too. An event whose data is not in a known
   * format is returned as it is. A failure is `schema-unknown` or `data-not-decodable`, or says that a number is not exact.
   *
   * @param record which the event was read from
   * @throws Unavailable with the record, if the schema must be prepared first
   */
  read(event: Event, record: LogRecord): Event | Failure
  /** Fetches the schemas of these records that are not at hand. @throws Unavailable, after all others are at hand */
  prepare(records: readonly LogRecord[]): Promise<void>
}

/** Says whether the batches of a version of the code are deferred. It is stored, so that all invocations share it. */
export interface CircuitBreaker {
  /** Returns when the breaker was opened, now or before, in milliseconds; `reset` if an operator closed it. @throws Unavailable */
  open(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'reset'>
}

/** Receives what happened, to log and count it. It must never keep payloads. */
export interface Observer {
  decided(stateKey: StateKey, decisions: readonly Decision[]): void
  /** Records at or below the applied offset. They were decided before and are dropped. */
  redelivered(stateKey: StateKey, count: number): void
  waiting(stateKey: StateKey, waiting: StoppedPartition): void
  /** A receiver has not accepted records in one of several tries. The last of them is reported too, before the records fail. */
  tried(stateKey: StateKey, tried: Tried): void
  /** Entries that are published but still in the outbox. The next batch of the partition publishes them again. */
  outboxNotTrimmed(stateKey: StateKey, count: number, error: unknown): void
  /** Entries that Kafka does not accept. Each was replaced by a failure record that says so. */
  refused(stateKey: StateKey, entries: readonly OutboxEntry[], error: unknown): void
  /** Entries that the dead letters now have. Those of an outbox that was not trimmed are reported again. */
  deadLettersSent(stateKey: StateKey, entries: readonly OutboxEntry[]): void
  /** Undelivered offsets after the applied offset: they are read from the log. A long range means that the store lost state. */
  rangeReadBack(stateKey: StateKey, range: OffsetRange): void
  /** Offsets after the applied offset that the log no longer has. Their records are lost. */
  expired(stateKey: StateKey, range: OffsetRange): void
  /** The partition state is empty, but the log has older records: all records from this offset on are read. */
  startsWithoutAppliedOffset(stateKey: StateKey, fromOffset: number): void
  /** The failure memory is nearly full, or failures had to be forgotten. @param limit bytes of a partition state */
  failureMemory(stateKey: StateKey, memory: FailureMemory, limit: number): void
  restoredFromCheckpoint(partitionState: StateKey, appliedOffset: number, takenAtMs: number): void
  /** A checkpoint was skipped, because its contents are not what was written. */
  checkpointDamaged(partitionState: StateKey, takenAtMs: number, error: Error): void
  /** The log was silent for longer than its clock may advance in one step. Only for consumers with timers. */
  clockGap(stateKey: StateKey, beforeOffset: number, ms: number): void
  /** Producers set the timestamps of the log from this offset on, and the consumer's timers depend on them. */
  timedByProducers(stateKey: StateKey, fromOffset: number): void
  /** This code cannot read the stored context. The initial context is used until the next one is set. */
  contextUnreadable(stateKey: StateKey, why: string): void
  /** Misrouted records, from this offset on: Kafka's default partitioner would not have put them here. */
  misrouted(stateKey: StateKey, fromOffset: number, count: number): void
  /** Too many unexpected failures: the batches of this code version wait in Kafka. `failure` is the first unexpected one. */
  breakerOpen(stateKey: StateKey, sinceMs: number, failure?: Failure): void
}
