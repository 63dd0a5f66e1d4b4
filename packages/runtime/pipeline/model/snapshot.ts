/** The part of a partition state that a chunk loads, and the change that it commits. */
import type { FailureMemory, FailureName, PublishedFailures, RememberedFailure } from './failure-memory.ts'
import type { LogClock, Span } from './log.ts'
import type {
  OutboxEntry,
  RememberedId,
  StoredContext,
  StoredTimer,
  TimerPlace,
  Version,
} from './partition-state.ts'

export interface LoadSelection {
  readonly entities: readonly string[]
  /** Names of holders, see `formatHolderName`. They are loaded with the entities that wait; absent if the chunk ends no failure. */
  readonly holders?: readonly string[]
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
   * Upper bound for the loaded states and timers, in bytes. Entities with due timers may use half of it, those that wait come next.
   * The first entity of each kind is loaded regardless of its size, so that the first record can always be decided.
   */
  readonly byteLimit: number
  /** Hashes of cached contexts, whose content need not be loaded; absent if the process defines no context. */
  readonly contexts?: readonly string[]
  /** Origins of the events in the chunk; absent if no event has one. */
  readonly origins?: readonly string[]
  /** Set if the state of an earlier commit may be returned instead of the stored one, see `kept-store.ts`. */
  readonly keptFor?: {
    /** Process that decides. Another one may need other parts of the state. */
    readonly process: object
    /** Returns true if the chunk follows this applied offset, as records that were delivered once. */
    readonly isNext: (appliedOffset: number) => boolean
  }
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
  /** Origin of the partition's emissions, see `formatOrigin`; absent if the log has no identity. */
  readonly origin?: string
}

export interface Snapshot extends Progress {
  /** `commit` if the state was not loaded, so that only the commit can prove it; absent for a loaded state. */
  readonly provenBy?: 'commit'
  /** Failures that were published before the records were read back. Not stored; absent for records that were delivered once. */
  readonly publishedFailures?: PublishedFailures
  readonly version: Version
  /** States of the requested entities, of holders and waiting entities, and of those with a due timer, see `formatState`. */
  readonly states: ReadonlyMap<string, string>
  /** Timers of the entities in `states`. All timers of each entity are included. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  /** Position up to which all due timers are loaded. Set only if more timers become due than one load returns. */
  readonly timersUpTo: TimerPlace | undefined
  /** Requested and waiting entities that were not loaded because of the byte limit. Neither their states nor their timers are included. */
  readonly notLoaded: ReadonlySet<string>
  /** Known ids among the requested ones: all ids within the window, and possibly older ones. */
  readonly known: ReadonlyMap<string, RememberedId>
  readonly failures: ReadonlyMap<string, RememberedFailure>
  /** Highest decided sequence of each requested origin. An origin without a decided event is absent. */
  readonly sequences?: ReadonlyMap<string, string>
  readonly failureMemory: FailureMemory
  readonly outbox: readonly OutboxEntry[]
  /** Digests (`computeDigest`) of records that an operator has skipped, by offset; absent if empty. */
  readonly skipped?: ReadonlyMap<number, string>
  /** Mark of the last commit; absent if it had none. */
  readonly mark?: string
  /** Present if a context was set and requested. `json` is absent if the caller has cached the content. */
  readonly context?: { readonly hash: string; readonly json?: string }
  /** Context of the next records of a new state, if their own one has expired. */
  readonly contextAhead?: StoredContext
}

/** Changes of one commit. A store that forgets failures in a commit sets `failuresFromMs` to the time after the newest record. */
export interface Change extends Progress {
  /** Version that a load has returned. A store around the store finds its load by a mark on it, which a spread copies. */
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
  /** Unique name of this commit, by which an instance recognises it as the last one; absent if the instance keeps no states. */
  readonly mark?: string
  /**
   * Set if the chunk was decided without a load: the mark of the commit after which the state was kept, and the ids of the chunk's
   * events. None of them may be stored, not even an expired or forgotten one.
   */
  readonly guess?: { readonly mark: string; readonly ids: readonly string[] }
}

/** Facts that only the store knows after a commit. */
export interface Committed {
  readonly failureMemory: FailureMemory
  readonly failuresFromMs: number | undefined
  /** Lowest threshold of all timers; undefined if there are no timers. */
  readonly firstThresholdMs: number | undefined
}
