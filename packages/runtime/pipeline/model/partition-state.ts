/** Types of the pipeline: the data that it loads, decides, changes and stores for a partition. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import type { Failure, FailureCode } from '../../consumer/failure-codes.ts'
import type { Key } from '../../consumer/process.ts'
import type { TopicName } from '../../consumer/declared.ts'
import type { DeferredReason, ReleaseReason } from './reasons.ts'

/**
 * Identifies a partition state, which is all data that one consumer stores for one partition. Records are ordered, states are
 * stored, and losses are recovered per partition state.
 */
export interface StateKey {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

/**
 * Version of a partition state. A commit specifies the version that it is based on, and is refused if the partition state has
 * another version by then. The applied offset thus acts as a fencing token.
 */
export interface Version {
  readonly epoch: number
  /** Last decided offset; -1 before the first record. */
  readonly appliedOffset: number
  /**
   * Number of timers that have fired after the applied offset and before the next record. If these timers do not fit into one
   * commit, they are distributed over several commits.
   */
  readonly fired: number
}

/** Distribution of the entities of a topic that an earlier version of Sluice has grown. Absent for all other topics. */
export interface Partitioning {
  /** Number of times the topic has grown. */
  readonly generation: number
  readonly partitions: number
}

/** Increase of a topic's partition count. States, timers and failures have followed their keys to the new partitions. */
export interface Growth {
  readonly from: number
  readonly to: number
  /** For each old partition, the offset after its last record before the growth. */
  readonly ends: readonly number[]
  /** Names of consumers whose failures were not moved when the topic grew. */
  readonly except: readonly string[]
}

/** Clock of a partition's log, in milliseconds. Only append times advance it (see `clock.ts`). */
export interface LogClock {
  readonly nowMs: number
  /** Append time of the record at the applied offset, in milliseconds since the epoch; undefined before the first record. */
  readonly lastAppendMs: number | undefined
  /** Highest append time up to the applied offset, in milliseconds since the epoch. It helps to detect records of another log. */
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
   * Id derived from the cause that has set the timer. If the same name and due time are set again, the new timer has another id.
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

/** A failed record. The remembered data ensures that its redrive is accepted only once, and only with the same bytes. */
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
  /** True while a redrive of the failure is accepted. */
  readonly isOpen: boolean
  /** Set during a rebuild if the failure is closed in the live state, by an attempt before or after the start of the rebuild. */
  readonly isReopened?: true
  /** Time of the first failure, RFC 3339. */
  readonly firstFailedAt: string
  /** Time of the log's clock at the last attempt. */
  readonly failedAtMs: number
}

/** A failure that was published before the store lost the state, see `published-failures.ts`. */
export interface PublishedFailure {
  readonly code: FailureCode
  /** True if later events of the entity were parked; undefined if unknown. */
  readonly parks?: boolean
  /**
   * Timestamp of the record at its first attempt, in milliseconds since the epoch. It tells the record from one at the same offset
   * of a deleted topic.
   */
  readonly originalTimestamp: number
}

/** Published failures of a partition by the id of their event, which differs for each attempt. */
export type PublishedFailures = ReadonlyMap<string, PublishedFailure>

/** Identity of a topic's log. */
export interface LogIdentity {
  readonly cluster: string
  /** Id of the topic, which changes if the topic is created again. */
  readonly topicId: string
}

/** Fields that are needed to look up a failure. */
export type FailureName = Pick<RememberedFailure, 'id' | 'producerGroup'>

/** A failure whose retries have ended, as reported by an event. Any client can write such an event. */
export interface EndedFailure {
  readonly failure: string
  /** Digest of the failed record. It is checked because only a client that has read the failure can include it in its event. */
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

/** Context of a partition: data that an event has set for all its entities. */
export interface StoredContext {
  readonly hash: string
  /** Context as JSON: the data of the event, or the result of the process's reducer. */
  readonly json: string
}

/** First append time of a chunk, and the advance of the clock after it. They determine which timers can become due. */
export interface Span {
  readonly firstAppendMs: number
  readonly advanceMs: number
}

export interface LoadSelection {
  readonly entities: readonly string[]
  /** `Fingerprint.id` of each event in the chunk. */
  readonly ids: readonly string[]
  /** Period for which ids must be known, in milliseconds of the log's clock. */
  readonly idWindowMs: number
  /** Failures that redriven records refer to. */
  readonly failures: readonly FailureName[]
  /** Span of the chunk. Timers that become due within it are loaded, with the states of their entities. */
  readonly span: Span
  /** Maximum number of entities that are loaded because of due timers. Entities with the earliest timers are loaded first. */
  readonly timerLimit: number
  /**
   * Upper bound for the loaded states and timers, in bytes. Entities with due timers may use half of it. The first entity with due
   * timers and the first requested entity are loaded regardless of their sizes.
   */
  readonly byteLimit: number
  /** Hashes of cached contexts, whose content need not be loaded; absent if the process defines no context. */
  readonly contexts?: readonly string[]
  /** Origins of the events in the chunk; absent if no event has one. */
  readonly origins?: readonly string[]
}

/** State of the processing at the applied offset. */
interface Progress {
  readonly clock: LogClock
  /** `computeDigest` of the record at the applied offset; undefined before the first record. */
  readonly appliedDigest: string | undefined
  /** Number of entries emitted since the applied offset. The count continues with the next record. */
  readonly emitted: number
  /** Approximate size of the parked events of all entities, in bytes. */
  readonly parkedBytes: number
  /** Serialised levels of `NewEntities`; absent if empty. */
  readonly newEntities?: string
  /** Append time from which all records were decided and all their failures are remembered; undefined if there is no such time. */
  readonly failuresFromMs: number | undefined
  /** Origin of the partition's emissions, see `origin.ts`; absent if the log has no identity. */
  readonly origin?: string
  /**
   * Applied offsets of former consumers at the time at which their states were joined, by name. Until the consumer has passed them
   * all, some records are left only for some of them. Absent otherwise.
   */
  readonly formerOffsets?: Readonly<Record<string, number>>
}

export interface Snapshot extends Progress {
  /** Failures that were published before the records were read back. Not stored; absent for records that were delivered once. */
  readonly publishedFailures?: PublishedFailures
  readonly version: Version
  readonly partitioning?: Partitioning
  /** States of the requested entities and of those with a due timer, in the form of `formatState`. */
  readonly states: ReadonlyMap<string, string>
  /** Timers of the entities in `states`. All timers of each entity are included. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  /** Position up to which all due timers are loaded. Set only if more timers become due than one load returns. */
  readonly timersUpTo: TimerPlace | undefined
  /** Requested entities that were not loaded because of the byte limit. Neither their states nor their timers are included. */
  readonly notLoaded: ReadonlySet<string>
  /** Known ids among the requested ones: all ids within the window, and possibly older ones. */
  readonly known: ReadonlyMap<string, RememberedId>
  readonly failures: ReadonlyMap<string, RememberedFailure>
  /** Highest decided sequence of each requested origin. An origin without a decided event is absent. */
  readonly sequences?: ReadonlyMap<string, string>
  /** Growths of the topic, oldest first; absent if it has never grown, or if no failure was requested. */
  readonly growths?: readonly Growth[]
  readonly failureMemory: FailureMemory
  readonly outbox: readonly OutboxEntry[]
  /** Digests (`computeDigest`) of records that an operator has skipped, by offset; absent if empty. */
  readonly skipped?: ReadonlyMap<number, string>
  /** Present if a context was set and requested. `json` is absent if the caller has cached the content. */
  readonly context?: { readonly hash: string; readonly json?: string }
  /** Context of the next records of a new state, if their own one has expired. */
  readonly contextAhead?: StoredContext
}

/** Changes of one commit. A store that forgets failures in a commit sets `failuresFromMs` to the time after the newest record. */
export interface Change extends Progress {
  readonly base: Version
  readonly appliedOffset: number
  /** Number of timers that have fired after the applied offset; 0 unless the commit ends between the timers before a record. */
  readonly fired: number
  /** New states in the form of `formatState`; null forgets the entity. */
  readonly states: ReadonlyMap<string, string | null>
  /** Timers of the entities of which a timer has changed. All timers of each such entity are included. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
  /** Highest decided sequence of each origin that the commit raises; absent if it raises none. */
  readonly sequences?: ReadonlyMap<string, string>
  readonly outbox: readonly OutboxEntry[]
  readonly context?: StoredContext | undefined
  /**
   * Number of decisions by outcome and reason. The counters are exact, because they are committed together with the applied offset.
   */
  readonly tally: ReadonlyMap<string, number>
  /** Periods for which ids and failures are remembered, in milliseconds of the log's clock. Older ones are removed. */
  readonly idWindowMs: number
  readonly failureWindowMs: number
  /**
   * Upper bound for the failure memory in the store, in bytes. If it is exceeded, the oldest failures of the group with the largest
   * share are removed.
   */
  readonly failureBytes: number
  /** Number of forgotten failures in the snapshot that this commit marks as reported. */
  readonly forgottenTold: number
  /** Code that made the decisions, see `computeCode`; absent if unknown. */
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
   * Offset from which to continue reading. For each earlier offset of the range, the record is in `records` or does not exist.
   * Always greater than `fromOffset`.
   */
  readonly nextOffset: number
  /** First offset of the log at the time of the read. Earlier records have expired. */
  readonly logStart: number
}

export type RecordOutcome = 'applied' | 'duplicate' | 'ignored' | 'failed' | 'parked'

/** Final outcome of a parked record. The record is counted as `parked` first, and as one of these outcomes later. */
export type ParkedOutcome = 'parked-applied' | 'parked-ignored' | 'parked-failed' | 'parked-erased'

/** A decision about one record or timer, with its reason. It is the source of metrics, log lines and expectations in tests. */
export interface Decision {
  /**
   * Offset of the record. For a parked record, this is its original offset; for a timer, the offset of the record before which the
   * timer fired.
   */
  readonly offset: number
  readonly appendMs: number
  readonly outcome: RecordOutcome | ParkedOutcome | 'timer'
  readonly reason: string
  readonly event?: Event
  readonly failure?: Failure
  /** Set if the failure was published before a loss of the state, so that it is not published again. */
  readonly isPublished?: true
  /** Set if the decision is about a timer. */
  readonly timer?: StoredTimer & { readonly entity: string }
  /** Effect of the decision on an entity's hold: `begins` and `stays` for a held entity, otherwise the reason of its release. */
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
