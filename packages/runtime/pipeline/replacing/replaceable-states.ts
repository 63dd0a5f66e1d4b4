/**
 * Partition states that commands read, compute anew and replace. A rebuild is written beside the live state, where no consumer reads
 * it, and then takes its place in one step.
 */
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { LogClock } from '../model/log.ts'
import type { RememberedId, StateKey, StoredContext, StoredTimer, Version } from '../model/partition-state.ts'
import type { StateStore } from '../ports.ts'
import type { Fence } from './fence.ts'

export interface StateFacts {
  readonly version: Version
  readonly clock: LogClock
  /** Append time from which all failures are remembered, see `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Code that has made the last commit, see `computeCode`; undefined if unknown. */
  readonly code: string | undefined
  /** First offset from which all records were decided by this code, since the state was created or replaced. */
  readonly codeFrom?: number | undefined
  /** Origin of the emissions; absent if unknown. */
  readonly origin?: string
  /** Fence of the state. While it exists, commits are rejected. */
  readonly fence?: Fence
  /** Rebuild that the state was switched to; absent if it was created otherwise. */
  readonly rebuild?: Rebuild
}

/** Contents of partition states. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface StateContents {
  /** Returns facts about a state. If the state does not exist, its version is absent, see `isAbsent`. */
  facts(stateKey: StateKey): Promise<StateFacts>
  /** Reads the entities with their stored states, page by page. An entity may be returned twice, as with all paged reads. */
  states(stateKey: StateKey): AsyncIterable<readonly [entity: string, state: string]>
  /** Reads the timers of entities, page by page. */
  timers(stateKey: StateKey): AsyncIterable<readonly [entity: string, timers: readonly StoredTimer[]]>
  /** Reads remembered failures, newest first. If a failure is returned several times, its first occurrence is valid. */
  failures(stateKey: StateKey): AsyncIterable<RememberedFailure>
  /** Reads remembered ids, newest first. If an id is returned several times, its first occurrence is valid. */
  ids(stateKey: StateKey): AsyncIterable<RememberedId>
  /** Returns the context of the state; undefined if no event has set one. */
  context(stateKey: StateKey): Promise<StoredContext | undefined>
}

/** Store of states that are computed, with access to their contents. */
export type ComputedStates = StateStore & StateContents

/** How a state is computed anew. A later run continues an unfinished rebuild only if all of this is the same. */
export interface Rebuild {
  /** First offset that is read. */
  readonly startOffset: number
  /** Start that was asked for, as text. The offset that it stands for changes while records expire. */
  readonly from: string
  /** Code that computes the state, see `computeCode`. */
  readonly code: string
  /** True to lose the entities whose state comes from before the start, unless later records give them a new one. */
  readonly dropsOlder: boolean
  /** Start of the first run for the request, in milliseconds since the epoch. Runs that continue it for other partitions have the same. */
  readonly begunMs: number
  /** True from the time on at which contents of the live state are added, so that no later run continues it. */
  readonly isSealed?: true
  /** Last offset that the state before has applied; absent until its replacement. */
  readonly replacedTo?: number
}

export interface BegunRebuild {
  /** Number of this run, see `Fence`. */
  readonly run: number
  /** True if the rebuild has what an earlier run has computed. */
  readonly continues: boolean
}

/** Rebuilds, at most one for each partition state. */
export interface Rebuilds {
  /** The states that are computed. The epoch of each is the number of the run that works on it, see `Fence`. */
  readonly states: ComputedStates
  /** Returns the unfinished rebuild; undefined without one. */
  find(stateKey: StateKey): Promise<Rebuild | undefined>
  /**
   * Continues the unfinished rebuild if it is the same; otherwise removes it, and begins an empty one. From then on, an earlier
   * run finds another epoch.
   *
   * @param nowMs number of this run, unless that is not higher than the number of an earlier run
   */
  begin(stateKey: StateKey, rebuild: Rebuild, nowMs: number): Promise<BegunRebuild>
  /** Describes the rebuild, so that a later run can continue it, unless another run works on it. */
  describe(stateKey: StateKey, rebuild: Rebuild, run: number): Promise<void>
  /** Removes the rebuild, whichever run works on it. Returns false without one. */
  abandon(stateKey: StateKey): Promise<boolean>
}

/** Conditions under which a rebuild continues the live state. If any of them is not met, the live state does not change. */
export interface ReplacementConditions {
  /** Required version of the live state. */
  readonly live: Version
  /** Number of the run that has computed the rebuild, and has fenced the live state. */
  readonly run: number
  /** Description of the rebuild. Its code must have made the last commit of the live state. */
  readonly rebuild: Rebuild
}

export type ReplacementOutcome =
  | { readonly kind: 'replaced'; readonly epoch: number }
  /** The live state has changed its version, or is no longer fenced. */
  | { readonly kind: 'moved' }
  /** Other code has committed to the live state. */
  | { readonly kind: 'other-code' }
  /** Another run works on the rebuild, or it was removed. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the rebuild. */
  | { readonly kind: 'incomplete' }

/** Access to partition states for commands. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface ReplaceableStates extends StateContents {
  readonly rebuilds: Rebuilds

  /**
   * Fences the live state: commits are rejected until the state is replaced, the fence is removed, or the fence expires. An
   * existing fence is replaced only if it belongs to an earlier run.
   *
   * @param forMs time after which the fence expires, in milliseconds
   * @returns the version of the state, and the fence that is now in place
   */
  fence(stateKey: StateKey, fence: Fence, forMs: number): Promise<Fenced>
  /** Removes the fence, unless it belongs to a later run. The live state then accepts commits again. */
  unfence(stateKey: StateKey, fence: Fence): Promise<void>

  /**
   * Replaces the live state by its rebuild in one step, and raises its epoch. The entries of the live outbox are kept in addition to
   * those of the rebuild, and the live counters of decisions continue. Unless the rebuild belongs to another run, it is gone
   * afterwards, whatever the outcome.
   */
  replace(stateKey: StateKey, conditions: ReplacementConditions): Promise<ReplacementOutcome>
  /**
   * Replaces the live state by an empty one in one step, raises its epoch, and removes its rebuild.
   *
   * @param base required version of the state; absent for any version
   * @returns false if the state has another version, and was not changed
   */
  empty(stateKey: StateKey, base?: Version): Promise<boolean>
}

/** Port of consumers that empty a state, because its log was created again. */
export interface StatesPort {
  /** Gives access to the states; absent if none are replaced. */
  readonly states?: () => Promise<Pick<ReplaceableStates, 'empty'>>
}

export interface Fenced {
  readonly version: Version
  readonly fence: Fence
}
