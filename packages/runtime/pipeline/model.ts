/** The data of the pipeline: what it stores for a partition, loads, changes and decides. Only types. */

import type { LogRecord } from '../cloudevents/record.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import type { Key } from '../consumer/process.ts'
import type { DeferredReason, ReleaseReason } from './reasons.ts'

/** Names a partition state: all that one consumer keeps for one partition. It is the unit of order, state and recovery. */
export interface StateKey {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

/**
 * How far a partition state has been computed. A commit names the version that it started from, and is refused if the partition
 * state has another version by then: so the offset itself is the fencing token.
 */
export interface Version {
  readonly epoch: number
  /** The last decided offset; -1 before the first. */
  readonly appliedOffset: number
  /** Timers fired since the applied offset and before the next record. If one commit cannot hold them, several do. */
  readonly fired: number
}

/** How the entities of a topic are spread over partitions, once that has changed. */
export interface Partitioning {
  readonly generation: number
  readonly partitions: number
}

export interface Growth {
  readonly from: number
  readonly to: number
  /** Offset after the last record before the growth, for each old partition. */
  readonly ends: readonly number[]
  /** Consumers whose failures stayed in the partitions of their records. */
  readonly except: readonly string[]
}

/** A growth as it is kept, with the operation that made it. */
export interface KeptGrowth extends Growth {
  readonly operation: string
  /** When the operation began, RFC 3339. */
  readonly at: string
}

/** The log's own clock, in milliseconds. Only append times advance it (see `clock.ts`). */
export interface LogClock {
  readonly nowMs: number
  /** Append time of the record at the applied offset; undefined before the first record. */
  readonly lastAppendMs: number | undefined
  /** The highest append time up to the applied offset. It helps to recognise a record of another log. */
  readonly highestAppendMs: number | undefined
}

/** Hashes of an event's identity (96 bits) and content (64 bits), as latin1 strings of 12 and 8 characters. */
export interface Fingerprint {
  readonly id: string
  readonly digest: string
}

export interface RememberedId extends Fingerprint {
  /** The log's clock when the event was applied. */
  readonly appliedAtMs: number
}

export interface StoredTimer {
  readonly name: string
  /** Event time. */
  readonly dueMs: number
  /** The timer fires when the log's clock has passed this. */
  readonly thresholdMs: number
  /** Derived from what set the timer. If the same name and due time are set again, that is another timer. */
  readonly id: string
  /** The trace context of the event that set it. */
  readonly trace: Readonly<Record<string, string>>
}

/** A place in the order in which timers fire. At the same place, the timers of an entity fire by name. */
export interface TimerPlace {
  readonly thresholdMs: number
  readonly entity: string
}

/** A record that could not be processed: what is needed to accept its redrive only once, and only with the same bytes. */
export interface RememberedFailure {
  /** The same for all attempts at a record. */
  readonly id: string
  readonly partition: number
  readonly offset: number
  /** The number of the last attempt, from 1. */
  readonly attempt: number
  readonly digest: string
  /** The group of the record's producer, see `failure-memory.ts`. */
  readonly producerGroup: number
  /** Hash of the entity whose event failed; absent if the record has none. */
  readonly entityHash?: number
  /** Whether a redrive is still accepted. */
  readonly isOpen: boolean
  /** The live state has closed it, by an attempt before the start of this rebuild or after it. */
  readonly isReopened?: true
  /** RFC 3339. */
  readonly firstFailedAt: string
  /** The log's clock at the last attempt. */
  readonly failedAtMs: number
}

/** The key by which a failure is looked up. */
export type FailureName = Pick<RememberedFailure, 'id' | 'producerGroup'>

/** A failure that is not retried any more, as an event reports it. */
export interface EndedFailure {
  readonly failure: string
  /** Digest of the record that failed. Any client can write such an event, but only a reader of the failure knows its record. */
  readonly digest: string
}

export interface FailureMemory {
  /** Approximate size in the store. */
  readonly bytes: number
  /** Failures forgotten early, to make room, since the last report. */
  readonly forgotten: number
}

/** An event that is decided and stored, but not known to be published yet. */
export interface OutboxEntry {
  /** Unique in the partition state. Compared as strings, positions are in the order of publishing. */
  readonly position: string
  readonly to: TopicName
  readonly key: Key
  readonly event: Event
  readonly everyPartition?: true
  /** The partition that gets it; absent: the key decides. */
  readonly partition?: number
}

/** Set by an event for all entities of a partition. */
export interface StoredContext {
  readonly hash: string
  /** The data of that event, or what the process has folded it into, as JSON. */
  readonly json: string
}

/** The first append time of a chunk, and the advance of the clock after it: both limit which timers can fall due. */
export interface Span {
  readonly firstAppendMs: number
  readonly advanceMs: number
}

export interface LoadSelection {
  readonly entities: readonly string[]
  /** `Fingerprint.id` of each. */
  readonly ids: readonly string[]
  /** How far back, on the log's clock, an id must be known. */
  readonly idWindowMs: number
  /** The failures that redriven records name. */
  readonly failures: readonly FailureName[]
  /** Timers that fall due within this span are loaded, with the states of their entities. */
  readonly span: Span
  /** Upper bound for the entities that are loaded for their due timers; the earliest come first. */
  readonly timerLimit: number
  /** Bound for states and timers; entities with due timers may use half. The first entity of each kind is loaded whatever its size. */
  readonly byteLimit: number
  /** Hashes of the contexts whose content is cached; absent if the process has no context. */
  readonly contexts?: readonly string[]
}

/** Facts about a partition state at its applied offset. */
interface Progress {
  readonly clock: LogClock
  /** `digestOf` the record at the applied offset; undefined before the first one. */
  readonly appliedDigest: string | undefined
  /** Number of entries emitted since the applied offset. The next record continues this count. */
  readonly emitted: number
  /** Approximate size of all that entities have parked. */
  readonly parkedBytes: number
  /** Levels of `NewEntities`; absent if empty. */
  readonly newEntities?: string
  /** Append time from which every record was decided and every failure is remembered; undefined before that. */
  readonly failuresFromMs: number | undefined
}

export interface Snapshot extends Progress {
  readonly version: Version
  readonly partitioning?: Partitioning
  /** The states of the wanted entities and of those with a due timer, as `storedState` made them. */
  readonly states: ReadonlyMap<string, string>
  /** All timers of the same entities. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  /** If more timers fall due than one load returns: every timer up to this place is loaded. Otherwise undefined. */
  readonly timersUpTo: TimerPlace | undefined
  /** The wanted entities beyond the byte limit. Neither their states nor their timers are loaded. */
  readonly notLoaded: ReadonlySet<string>
  /** The known ones of the wanted ids: all within the window, and perhaps older ones. */
  readonly known: ReadonlyMap<string, RememberedId>
  readonly failures: ReadonlyMap<string, RememberedFailure>
  /** How the topic has grown, the first growth first; absent if it never has, or no failure was wanted. */
  readonly growths?: readonly Growth[]
  readonly failureMemory: FailureMemory
  readonly outbox: readonly OutboxEntry[]
  /** Records that an operator has set aside, each by its offset with its `digestOf`; absent if empty. */
  readonly skipped?: ReadonlyMap<number, string>
  /** Set if a context was set and wanted. `json` is absent if the caller has the content cached. */
  readonly context?: { readonly hash: string; readonly json?: string }
}

/** A store that forgets failures at a commit sets `failuresFromMs` to the time after the newest record. */
export interface Change extends Progress {
  readonly base: Version
  readonly appliedOffset: number
  /** Timers fired since that offset; 0 unless the commit ends among the timers before a record. */
  readonly fired: number
  /** New states as `storedState` makes them; null forgets the entity. */
  readonly states: ReadonlyMap<string, string | null>
  /** All timers of each entity with a changed one. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
  readonly outbox: readonly OutboxEntry[]
  readonly context?: StoredContext | undefined
  /** Number of decisions by outcome and reason. The counters are exact: they are committed with the applied offset. */
  readonly tally: ReadonlyMap<string, number>
  /** How long, on the log's clock, ids and failures are remembered. Older ones are removed. */
  readonly idWindowMs: number
  readonly failureWindowMs: number
  /** Bound for the failure memory in the store, in bytes. Beyond it, the group that uses most loses its oldest failures. */
  readonly failureBytes: number
  /** Number of forgotten failures in the snapshot. After this commit they count as reported. */
  readonly forgottenTold: number
  /** Which code decided this, see `codeOf`; absent if it is not known. */
  readonly code?: string
}

/** A range of a partition, both ends included. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

export interface ReadRange {
  /** Ordered by offset. The first is not before `fromOffset`; some may be after `toOffset`. */
  readonly records: readonly LogRecord[]
  /** Every offset of the range before this one is in `records` or has no record. Always greater than `fromOffset`. */
  readonly nextOffset: number
  /** The first offset of the log now. Earlier records have expired. */
  readonly logStart: number
}

export type RecordOutcome = 'applied' | 'duplicate' | 'ignored' | 'failed' | 'parked'

/** Outcome of a parked record. Each is counted as `parked` before, and as one of these later. */
export type ParkedOutcome = 'parked-applied' | 'parked-ignored' | 'parked-failed' | 'parked-erased'

/** A decision about one record or timer, with its reason. Metrics, log lines and tests use it. */
export interface Decision {
  /** The offset of the record, also of a parked one; for a timer, of the record before which it fired. */
  readonly offset: number
  readonly appendMs: number
  readonly outcome: RecordOutcome | ParkedOutcome | 'timer'
  readonly reason: string
  readonly event?: Event
  readonly failure?: Failure
  /** Set if a timer was decided. */
  readonly timer?: StoredTimer & { readonly entity: string }
  /** State of a held entity after it: newly held, still held, or the reason of its release. */
  readonly hold?: 'begins' | 'stays' | ReleaseReason
  readonly emitted?: readonly OutboxEntry[]
}

/** Why a partition cannot continue, and the first offset that must be delivered again. */
export interface StoppedPartition {
  readonly fromOffset: number
  readonly appendMs: number
  readonly reason: DeferredReason
  readonly error?: unknown
}

export type Deferred = Pick<StoppedPartition, 'reason' | 'error'>
