/**
 * Partition states that commands read and replace. The new contents are written page by page beside the live state, where no consumer
 * reads them, and then replace it in one step.
 */
import { CopyStopped } from '../errors.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { LogClock } from '../model/log.ts'
import type { RememberedId, StateKey, StoredContext, StoredTimer, Version } from '../model/partition-state.ts'
import type { Fence } from './fence.ts'
import type { StatePages } from './state-parts.ts'

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
}

/** Completely staged contents. */
export interface Staged {
  readonly token: string
  /** Epoch of the pages. The replacement sets a higher one. */
  readonly above: number
}

/** A replacement that continues a fenced live state. */
interface Continuation {
  readonly fence: Fence
  /** Code that must have made the last commit of the live state, and that has computed the staged contents. */
  readonly code: string
  /** First offset from which this code has decided all records of the staged contents. */
  readonly codeFrom: number
}

/** Conditions of a replacement. If any of them is not met, the live state does not change. */
export interface ReplacementConditions {
  /** Required version of the live state; undefined for any version. */
  readonly live: Version | undefined
  /** Undefined if the staged contents are independent of the live state. */
  readonly continues?: Continuation
}

export type ReplacementOutcome =
  | { readonly kind: 'replaced'; readonly epoch: number; readonly replacedOffset: number }
  /** The live state has changed its version, or is no longer fenced. */
  | { readonly kind: 'moved' }
  /** Other code has committed to the live state. */
  | { readonly kind: 'other-code' }
  /** Another command has begun to stage contents, or has removed these. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the staged contents. */
  | { readonly kind: 'incomplete' }

/** Access to partition states for commands. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface ReplaceableStates {
  /** Returns facts about a state. If the state does not exist, its version is absent, see `isAbsent`. */
  facts(partitionState: StateKey): Promise<StateFacts>
  /** Reads the entities with their stored states, page by page. An entity may be returned twice, as with all paged reads. */
  states(partitionState: StateKey): AsyncIterable<readonly [entity: string, state: string]>
  /** Reads the timers of entities, page by page. */
  timers(partitionState: StateKey): AsyncIterable<readonly [entity: string, timers: readonly StoredTimer[]]>
  /** Reads remembered failures, newest first. If a failure is returned several times, its first occurrence is valid. */
  failures(partitionState: StateKey): AsyncIterable<RememberedFailure>
  /** Reads remembered ids, newest first. If an id is returned several times, its first occurrence is valid. */
  ids(partitionState: StateKey): AsyncIterable<RememberedId>
  /** Returns the context of the state; undefined if no event has set one. */
  context(partitionState: StateKey): Promise<StoredContext | undefined>

  /**
   * Writes new contents beside the live state, page by page. Contents that an earlier run has staged are removed, and that run is
   * rejected from then on.
   *
   * @throws CopyStopped if another run has begun to stage contents, or if the server has lost a part; errors of the pages are passed on
   */
  stage(partitionState: StateKey, pages: StatePages): Promise<Staged>
  /** Removes staged contents, complete or not. */
  unstage(partitionState: StateKey): Promise<void>

  /**
   * Fences the live state: commits are rejected until the state is replaced, the fence is removed, or the fence expires. An
   * existing fence is replaced only if it belongs to an earlier run.
   *
   * @param forMs time after which the fence expires, in milliseconds
   * @returns the version of the state, and the fence that is now in place
   */
  fence(partitionState: StateKey, fence: Fence, forMs: number): Promise<Fenced>
  /** Removes the fence, unless it belongs to a later run. The live state then accepts commits again. */
  unfence(partitionState: StateKey, fence: Fence): Promise<void>

  /**
   * Replaces the live state by the staged contents atomically, and raises its epoch. If the contents continue the live state, the
   * entries of the live outbox are kept in addition to the staged ones, and the live counters of decisions continue.
   */
  replace(
    partitionState: StateKey,
    staged: Staged,
    conditions: ReplacementConditions,
  ): Promise<ReplacementOutcome>
}

/** Port of consumers that empty a state, because its log was created again. */
export interface StatesPort {
  /** Gives access to the states; absent if none are replaced. */
  readonly states?: () => Promise<Pick<ReplaceableStates, 'stage' | 'replace'>>
}

export interface Fenced {
  readonly version: Version
  readonly fence: Fence
}

interface Replaced {
  readonly epoch: number
  /** Applied offset of the contents that were replaced. */
  readonly appliedOffset: number
}

/**
 * Replaces the whole state. If the pages cannot be read, nothing changes. The new epoch is higher than the epochs of the old state
 * and of the pages.
 *
 * @param base required version of the state; undefined for any version
 * @throws CopyStopped if the state has another version, or if `stage` throws it; errors of the pages are passed on
 */
export async function replaceState(
  states: Pick<ReplaceableStates, 'stage' | 'replace'>,
  partitionState: StateKey,
  pages: StatePages,
  base?: Version,
): Promise<Replaced> {
  const staged = await states.stage(partitionState, pages)
  const outcome = await states.replace(partitionState, staged, { live: base })
  if (outcome.kind === 'replaced') return { epoch: outcome.epoch, appliedOffset: outcome.replacedOffset }
  throw notReplaced(outcome.kind)
}

const REASONS = {
  moved: 'it has changed in the meantime',
  overtaken: 'another command has begun to replace it',
  incomplete: 'the server has lost a part of the new contents',
  'other-code': 'other code has committed to it',
} as const

export function notReplaced(why: keyof typeof REASONS): CopyStopped {
  return new CopyStopped(why, `the partition state cannot be replaced: ${REASONS[why]}`)
}
