/** Interfaces to Kafka, Redis and receivers. All adapters of an interface must pass the same conformance suite. */
import type { LogRecord, OutgoingRecord } from '../cloudevents/record.ts'
import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import type { LogIdentity, OffsetRange, ReadRange } from './model/log.ts'
import type { StateKey } from './model/partition-state.ts'
import type { Report } from './model/report.ts'
import type { Change, Committed, LoadSelection, Snapshot } from './model/snapshot.ts'

export interface Ports {
  readonly store: StateStore
  readonly publisher: Publisher
  readonly log: LogReader
  readonly breaker: CircuitBreaker
  /** Receives reports for logs and metrics. An implementation must not keep payloads. */
  readonly report: (report: Report) => void
  /**
   * Bounds of the log, and of the topics for failures. If absent, the log is known up to the delivered records, and published
   * failures are not read, see `published-failures.ts`.
   */
  readonly bounds?: LogBounds
  /** Absent if spans are not reported. */
  readonly tracer?: BatchTracer
}

/** Reports spans of the batches of partitions. */
export interface BatchTracer {
  /**
   * Runs the work on the batch of a partition in a span.
   *
   * @param batch the topic, the partition, and the number of records
   * @param work work to do with ports that report spans below that of the batch
   */
  trace<P extends Ports, T>(
    batch: { readonly topic: string; readonly partition: number; readonly records: number },
    ports: P,
    work: (ports: P) => Promise<T>,
  ): Promise<T>
}

/**
 * Store for partition states. Every method rejects with `Unavailable` if the store cannot be reached or does not answer in time.
 * `load` and `commit` reject with `PartitionStopped` if the store has lost a part of the partition state.
 */
export interface StateStore {
  load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot>
  /**
   * Commits a change atomically. The commit is refused if the version of the partition state differs from `change.base`. With a
   * `change.guess`, it is also refused if the mark differs, one of its ids is stored, a decided record was skipped, or the outbox
   * is not empty.
   *
   * @returns for a change with a mark, what only the store knows after the commit; otherwise `committed`
   */
  commit(stateKey: StateKey, change: Change): Promise<Committed | 'committed' | 'refused'>
  /** Removes these entries from the outbox. Entries that do not exist any more are ignored. */
  trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void>
}

/**
 * Records that operators have skipped. They are stored separately from the partition state, so they remain skipped if the state is
 * replaced or dropped. Every method rejects with `Unavailable` if the store cannot be reached.
 */
export interface SkippedRecords {
  /** Returns the digests of skipped records by offset. */
  listSkipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>>
  /** Skips a record, unless it was applied already. @param digest `computeDigest` of the record */
  skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'>
  unskip(stateKey: StateKey, offset: number): Promise<boolean>
}

export interface Publisher {
  /**
   * Publishes records. Resolves when all replicas have acknowledged every record. Within each partition, the records are written in
   * the given order; a repeated copy may follow later. Rejects with `RecordRefused` if Kafka permanently refuses one of the
   * records, and with `Unavailable` if it may accept them later. After a rejection, any of the records may have been written.
   */
  publish(records: readonly OutgoingRecord[]): Promise<unknown>
}

/** Upper bound for the records of one read, in bytes as counted by `estimateSize`. A larger record is returned alone. */
export const MAX_READ_BYTES = 4 * 1024 * 1024

/**
 * Reads records directly from the log, instead of from a batch. Rejects with `Unavailable` if Kafka cannot be reached. Rejects with
 * `PartitionStopped` if Kafka answers but the records cannot be read, or if the log ends before the range, which means that the
 * offsets belong to another log.
 */
export interface LogReader {
  /**
   * Returns as much of the range as one fetch returns, up to `MAX_READ_BYTES`. To continue, call it again from `nextOffset`.
   * Consumer groups are not affected.
   *
   * @param holding text to search for. Records whose bytes do not contain it may be omitted, which is much faster if few records
   *   contain it.
   */
  read(topic: string, partition: number, range: OffsetRange, holding?: string): Promise<ReadRange>
  /**
   * Returns the identity of a topic's log. Resolves to undefined if the brokers have no ids of topics, like Kafka before version
   * 2.8. If the method is absent, no log has an identity.
   */
  identity?(topic: string): Promise<LogIdentity | undefined>
  /** Frees resources that are kept for further reads of this partition. A call is optional and never changes later results. */
  leave?(topic: string, partition: number): void
}

/** Current bounds of a log. Rejects with `Unavailable` if Kafka cannot be reached. */
export interface LogBounds {
  /**
   * Returns the first retained offset and the offset after the last record, for each partition.
   *
   * @param sinceMs timestamp in milliseconds since the epoch. If given, `from` is the offset of the first record with this timestamp
   *   or a later one; the end if there is none
   */
  bounds(
    topic: string,
    sinceMs?: number,
  ): Promise<readonly { readonly start: number; readonly end: number; readonly from?: number }[]>
}

/** Positions of a forwarder in its partitions. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface Cursors {
  read(stateKey: StateKey): Promise<Cursor | undefined>
  /** Advances the cursor if it is still `from`. Returns `refused` if another invocation has moved it; the caller must then stop. */
  advance(stateKey: StateKey, from: Cursor | undefined, to: Cursor): Promise<'advanced' | 'refused'>
}

export interface Cursor {
  readonly next: number
  /** The last forwarded record, by which the log is recognised; absent before the first record. */
  readonly last?: { readonly offset: number; readonly digest: string }
}

/** Reads event data that is not plain JSON: Avro, Protobuf, and other data with a schema id of a registry. */
export interface DataReader {
  /** Returns whether values of a topic can be whole events, see `Application`. */
  readonly takesWholeEvents?: ((kafkaTopic: string) => boolean) | undefined
  /**
   * Returns the event with plain data and `datacontenttype`, as if it had been sent as JSON. If the format of the data is unknown,
   * the event is returned unchanged. The code of a failure is `schema-unknown` or `data-not-decodable`, or the failure reports that
   * a number cannot be represented exactly.
   *
   * @param record record of the event
   * @throws Unavailable with this record if the schema must be fetched with `prepare` first
   */
  read(event: Event, record: LogRecord): Event | Failure
  /**
   * Fetches the schemas of these records, unless they are available already.
   *
   * @throws Unavailable if a schema cannot be fetched; all others were fetched then
   */
  prepare(records: readonly LogRecord[]): Promise<void>
}

/** Circuit breaker that defers the batches of a code version. Its state is stored, so that all invocations share it. */
export interface CircuitBreaker {
  /**
   * Opens the breaker if it is closed. Returns the time at which it was opened, in milliseconds since the epoch.
   *
   * @throws Unavailable if the store cannot be reached
   */
  open(consumer: string, codeVersion: string, nowMs: number): Promise<number>
}
