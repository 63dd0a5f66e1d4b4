/** Types of the pipeline: the data that it loads, decides, changes and stores for a partition. */

import type { LogRecord } from '../cloudevents/record.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import type { Key } from '../consumer/process.ts'
import type { DeferredReason, ReleaseReason } from './reasons.ts'

/**
 * Identifies a partition state: all data that one consumer stores for one partition. It is the unit of order, state and recovery.
 */
export interface StateKey {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

/**
 * Version of a partition state. A commit names the version that it is based on, and is refused if the
 * partition state has another version by then. The applied offset is thus the fencing token.
 */
export interface Version {
  readonly epoch: number
  /** Last decided offset; -1 before the first record. */
  readonly appliedOffset: number
  /**
   * Number of timers that have fired since the applied offset and before the next record. If they do not fit
   * into one commit, they are divided among several.
   */
  readonly fired: number
}

/** Distribution of a topic's entities over partitions, present once it has changed. */
export interface Partitioning {
  readonly generation: number
  readonly partitions: number
}

export interface Growth {
  readonly from: number
  readonly to: number
  /** For each old partition, the offset after its last record before the growth. */
  readonly ends: readonly number[]
  /** Names of consumers whose failures stayed in the partitions of their records. */
  readonly except: readonly string[]
}

/** A growth as it is stored, with the operation that made it. */
export interface KeptGrowth extends Growth {
  readonly operation: string
  /** Start of the operation, RFC 3339. */
  readonly at: string
}

/** Clock of a partition's log, in milliseconds. Only append times advance it (see `clock.ts`). */
export interface LogClock {
  readonly nowMs: number
  /** Append time of the record at the applied offset, in milliseconds since the epoch; undefined before the first record. */
  readonly lastAppendMs: number | undefined
  /** Highest append time up to the applied offset, in milliseconds since the epoch. It helps to detect a record of another log. */
  readonly highestAppendMs: number | undefined
}

/** Hashes of an event's identity (96 bits) and content (64 bits), as latin1 strings of 12 and 8 characters. */
export interface Fingerprint {
  readonly id: string
  readonly digest: string
}

export interface RememberedId extends Fingerprint {
  /** Time of the log's clock when the event was applied. */
  readonly appliedAtMs: number
}

export interface StoredTimer {
  readonly name: string
  /** Event time at which the timer is due. */
  readonly dueMs: number
  /** The timer fires when the log's clock has passed this time. */
  readonly thresholdMs: number
  /**
   * Id derived from the cause that set the timer. Setting the same name and due time again creates another timer with another id.
   */
  readonly id: string
  /** Trace context of the event that set the timer. */
  readonly trace: Readonly<Record<string, string>>
}

/** Position in the order in which timers fire. Timers of the same entity at the same position fire in the order of their names. */
export interface TimerPlace {
  readonly thresholdMs: number
  readonly entity: string
}

/**
 * A record that could not be processed, with the data that is needed to accept its redrive only once and only with the same bytes.
 */
export interface RememberedFailure {
  /** Id of the failure, which is the same for all attempts. */
  readonly id: string
  readonly partition: number
  readonly offset: number
  /** Number of the last attempt, starting at 1. */
  readonly attempt: number
  readonly digest: string
  /** The group of the record's producer, see `failure-memory.ts`. */
  readonly producerGroup: number
  /** Hash of the entity whose event failed; absent if the record has no entity. */
  readonly entityHash?: number
  /** True while a redrive is accepted. */
  readonly isOpen: boolean
  /** Set during a rebuild if the live state has closed the failure, by an attempt before or after the start of the rebuild. */
  readonly isReopened?: true
  /** Time of the first failure, RFC 3339. */
  readonly firstFailedAt: string
  /** Time of the log's clock at the last attempt. */
  readonly failedAtMs: number
}

/** Fields by which a failure is looked up. */
export type FailureName = Pick<RememberedFailure, 'id' | 'producerGroup'>

/** A failure whose retries have ended, as reported by an event. */
export interface EndedFailure {
  readonly failure: string
  /**
   * Digest of the record that failed. Any client can write such an event, but only a client that has read the
   * failure knows the digest.
   */
  readonly digest: string
}

export interface FailureMemory {
  /** Approximate size in the store, in bytes. */
  readonly bytes: number
  /** Number of failures that were forgotten early, to free memory, since the last report. */
  readonly forgotten: number
}

/** An event that is decided and stored, but possibly not published yet. */
export interface OutboxEntry {
  /** Unique position in the partition state. The string order of positions is the order of publication. */
  readonly position: string
  readonly to: TopicName
  readonly key: Key
  readonly event: Event
  readonly everyPartition?: true
  /** Target partition; if absent, the key determines it. */
  readonly partition?: number
}

/** Context that an event has set for all entities of a partition. */
export interface StoredContext {
  readonly hash: string
  /** Data of that event as JSON, or the result of the process's reducer. */
  readonly json: string
}

/** First append time of a chunk, and the advance of the clock after it. Together they determine which timers can become due. */
export interface Span {
  readonly firstAppendMs: number
  readonly advanceMs: number
}

export interface LoadSelection {
  readonly entities: readonly string[]
  /** `Fingerprint.id` of each event in the chunk. */
  readonly ids: readonly string[]
  /** Period on the log's clock for which ids must be known, in milliseconds. */
  readonly idWindowMs: number
  /** Failures that redriven records refer to. */
  readonly failures: readonly FailureName[]
  /** Timers that become due within this span are loaded, with the states of their entities. */
  readonly span: Span
  /** Maximum number of entities that are loaded because of due timers, the earliest first. */
  readonly timerLimit: number
  /**
   * Upper bound for states and timers, in bytes. Entities with due timers may use half of it. The first
   * entity of each kind is loaded regardless of its size.
   */
  readonly byteLimit: number
  /** Hashes of the contexts whose content is cached; absent if the process defines no context. */
  readonly contexts?: readonly string[]
}

/** Facts about a partition state at its applied offset. */
interface Progress {
  readonly clock: LogClock
  /** `digestOf` of the record at the applied offset; undefined before the first record. */
  readonly appliedDigest: string | undefined
  /** Number of entries emitted since the applied offset. The next record continues this count. */
  readonly emitted: number
  /** Approximate size of the parked events of all entities, in bytes. */
  readonly parkedBytes: number
  /** Serialised levels of `NewEntities`; absent if empty. */
  readonly newEntities?: string
  /**
   * Append time from which every record was decided and every failure is remembered; undefined if nothing is known to be complete.
   */
  readonly failuresFromMs: number | undefined
}

export interface Snapshot extends Progress {
  readonly version: Version
  readonly partitioning?: Partitioning
  /** States of the requested entities and of those with a due timer, in the form of `storedState`. */
  readonly states: ReadonlyMap<string, string>
  /** All timers of the same entities. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  /** Set if more timers become due than one load returns: every timer up to this position is loaded. */
  readonly timersUpTo: TimerPlace | undefined
  /** Requested entities beyond the byte limit. Neither their states nor their timers are loaded. */
  readonly notLoaded: ReadonlySet<string>
  /** Known ids among the requested ones: all within the window, and possibly older ones. */
  readonly known: ReadonlyMap<string, RememberedId>
  readonly failures: ReadonlyMap<string, RememberedFailure>
  /** Growths of the topic, the first one first; absent if it has never grown, or if no failure was requested. */
  readonly growths?: readonly Growth[]
  readonly failureMemory: FailureMemory
  readonly outbox: readonly OutboxEntry[]
  /** Digests (`digestOf`) of records that an operator has skipped, by offset; absent if empty. */
  readonly skipped?: ReadonlyMap<number, string>
  /** Present if a context was set and requested. `json` is absent if the caller has cached the content. */
  readonly context?: { readonly hash: string; readonly json?: string }
}

/** Changes of one commit. A store that forgets failures at a commit sets `failuresFromMs` to the time after the newest record. */
export interface Change extends Progress {
  readonly base: Version
  readonly appliedOffset: number
  /** Number of timers that have fired since that offset; 0 unless the commit ends between the timers before a record. */
  readonly fired: number
  /** New states in the form of `storedState`; null forgets the entity. */
  readonly states: ReadonlyMap<string, string | null>
  /** All timers of each entity with a changed timer. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
  readonly outbox: readonly OutboxEntry[]
  readonly context?: StoredContext | undefined
  /**
   * Number of decisions by outcome and reason. The counters are exact, because they are committed together with the applied offset.
   */
  readonly tally: ReadonlyMap<string, number>
  /** Periods on the log's clock for which ids and failures are remembered, in milliseconds. Older ones are removed. */
  readonly idWindowMs: number
  readonly failureWindowMs: number
  /**
   * Upper bound for the failure memory in the store, in bytes. If it is exceeded, the group that uses the
   * most memory loses its oldest failures.
   */
  readonly failureBytes: number
  /** Number of forgotten failures in the snapshot. This commit marks them as reported. */
  readonly forgottenTold: number
  /** Code that made the decisions, see `codeOf`; absent if unknown. */
  readonly code?: string
}

/** Range of offsets of a partition, both ends included. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

export interface ReadRange {
  /** Records in the order of their offsets. The first is not before `fromOffset`; some may be after `toOffset`. */
  readonly records: readonly LogRecord[]
  /**
   * Offset from which to continue. Each earlier offset of the range is in `records` or has no record. Always
   * greater than `fromOffset`.
   */
  readonly nextOffset: number
  /** First offset of the log at the time of the read. Earlier records have expired. */
  readonly logStart: number
}

export type RecordOutcome = 'applied' | 'duplicate' | 'ignored' | 'failed' | 'parked'

/** Outcome of a parked record. The record is first counted as `parked`, and later as one of these. */
export type ParkedOutcome = 'parked-applied' | 'parked-ignored' | 'parked-failed' | 'parked-erased'

/** A decision about one record or timer, with its reason. Metrics, log lines and tests use it. */
export interface Decision {
  /**
   * Offset of the record (for a parked record, its original offset). For a timer, the offset of the record before which it fired.
   */
  readonly offset: number
  readonly appendMs: number
  readonly outcome: RecordOutcome | ParkedOutcome | 'timer'
  readonly reason: string
  readonly event?: Event
  readonly failure?: Failure
  /** Set if the decision is about a timer. */
  readonly timer?: StoredTimer & { readonly entity: string }
  /** State of the hold after the decision about a held entity: newly held, still held, or the reason of its release. */
  readonly hold?: 'begins' | 'stays' | ReleaseReason
  readonly emitted?: readonly OutboxEntry[]
}

/** A partition that cannot continue, with the reason and the first offset that must be delivered again. */
export interface StoppedPartition {
  readonly fromOffset: number
  readonly appendMs: number
  readonly reason: DeferredReason
  readonly error?: unknown
}

export type Deferred = Pick<StoppedPartition, 'reason' | 'error'>
