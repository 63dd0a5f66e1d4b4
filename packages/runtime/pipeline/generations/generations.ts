/**
 * The next generation of a partition state: new contents that are built beside the live state and finally replace it. During the
 * build, the live state remains in use or is fenced. Imports, restores and reprocessing all replace states in this way.
 */
import { CopyStopped } from '../errors.ts'
import type {
  LogClock,
  Partitioning,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
  Version,
} from '../model.ts'
import type { StateStore } from '../ports.ts'
import type { CheckpointPages } from '../recovery/checkpoints.ts'
import type { Fence } from './fence.ts'

/** Selects the next generation of a state. If no name is given, the live state is meant. */
export type CopyName = 'next'

/** Purpose of a next generation. A command with another purpose cannot claim or drop it. */
export type Purpose = 'replacement' | 'reprocessing'

/** Identifies the command or function that builds a next generation. */
export interface Builder {
  readonly kind: Purpose
  /** Number of the command run, see `Fence`; 0 if runs have no numbers. */
  readonly attempt: number
}

export interface StateFacts {
  readonly version: Version
  readonly clock: LogClock
  /** Append time from which all failures are remembered, see `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Code that has made the last commit, see `codeOf`; undefined if unknown. */
  readonly code: string | undefined
  /** First offset from which all records were decided by this code, since the state was created or replaced. */
  readonly codeFrom?: number | undefined
  /** Distribution of entities over partitions; absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** Origin of the emissions; absent if unknown. */
  readonly origin?: string
  /** Fence of the state. While it exists, commits are rejected. */
  readonly fence?: Fence
}

/** A completely built next generation. */
export interface Built {
  /** Version of the next generation, which changes with each claim and commit. */
  readonly next: Version
  /** Highest known epoch of the next generation. The switch sets a higher one. */
  readonly above: number
}

/** Conditions of the switch. If any of them is not met, nothing changes. */
export interface SwitchExpectation extends Built {
  /** Required version of the live state; undefined for any version. */
  readonly live: Version | undefined
  /** Fence of the live state, if the next generation continues it; undefined if the next generation is independent of it. */
  readonly fence?: Fence
  /** Code that must have made the last commit of both states; undefined if any code is accepted. */
  readonly code?: string
}

export type SwitchOutcome =
  | { readonly kind: 'switched'; readonly epoch: number; readonly replacedOffset: number }
  /** The live state has changed its version, or is no longer fenced. */
  | { readonly kind: 'moved' }
  /** Other code has committed to the live state, or to the next generation. */
  | { readonly kind: 'other-code' }
  /** The topic has grown since one of the two states was built, so the states contain different entities. */
  | { readonly kind: 'other-partitioning' }
  /** The next generation has changed: another command is building it, or has begun to replace the live state. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the next generation. */
  | { readonly kind: 'incomplete' }

/** Access to next generations. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface Generations {
  /**
   * Returns facts about a state. If the state does not exist, its version is absent, see `isAbsent`.
   *
   * @param copy selects the next generation; the default is the live state
   */
  facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts>
  /** Returns the purpose of the next generation; undefined if none exists or it is incomplete. */
  purpose(partitionState: StateKey): Promise<Purpose | undefined>
  /** Reads the entities with their stored states, page by page. An entity may be returned twice, as with all paged reads. */
  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [entity: string, state: string]>
  /** Reads the timers of entities in the live state, page by page. */
  timers(partitionState: StateKey): AsyncIterable<readonly [entity: string, timers: readonly StoredTimer[]]>
  /**
   * Reads remembered failures, newest first. If a failure is returned several times, its first occurrence is valid.
   *
   * @param copy selects the next generation; the default is the live state
   */
  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure>
  /** Reads remembered ids, newest first. If an id is returned several times, its first occurrence is valid. */
  ids(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedId>
  /** Returns the context of the live state; undefined if no event has set one. */
  context(partitionState: StateKey): Promise<StoredContext | undefined>

  /**
   * Builds the next generation from the pages, with a new epoch. An earlier next generation is removed, and later commits of its
   * builder are rejected.
   *
   * @throws CopyStopped if building is not allowed, if another build has begun in the meantime, or if the server has lost a part of
   *   the next generation; errors of the pages are passed on
   */
  build(partitionState: StateKey, builder: Builder, pages: CheckpointPages): Promise<Built>
  /**
   * Raises the epoch of a next generation of this purpose, so that commits of earlier workers are rejected. Returns the new epoch;
   * undefined if there is no such generation.
   */
  claim(partitionState: StateKey, kind: Purpose): Promise<number | undefined>
  /** Returns a state store that reads and commits next generations instead of live states. */
  store(): StateStore
  /** Removes the next generation, unless it has another purpose or a later attempt has built it. */
  drop(partitionState: StateKey, builder: Builder): Promise<void>

  /**
   * Fences the live state: commits are rejected until the state is replaced, the fence is removed, or the fence expires. An
   * existing fence is replaced only if it belongs to an earlier attempt of the same operation.
   *
   * @param forMs time after which the fence expires, in milliseconds
   * @returns the version of the state, and the fence that is now in place
   */
  fence(partitionState: StateKey, fence: Fence, forMs: number): Promise<Fenced>
  /**
   * Removes the fence, unless it belongs to another command. The live state then accepts commits again.
   */
  unfence(partitionState: StateKey, fence: Fence): Promise<void>

  /**
   * Replaces the live state by the next generation atomically, and raises the live epoch. Under a fence, the entries of the live
   * outbox are kept in addition to those of the next generation, and the live counters of decisions continue.
   */
  switchOver(partitionState: StateKey, expected: SwitchExpectation): Promise<SwitchOutcome>
}

export interface Fenced {
  readonly version: Version
  readonly fence: Fence
}

export interface Replaced {
  readonly epoch: number
  /** Applied offset of the contents that were replaced. */
  readonly appliedOffset: number
}

const REPLACEMENT: Builder = { kind: 'replacement', attempt: 0 }

/**
 * Replaces the whole state. If the pages cannot be read, nothing changes. The new epoch is higher than the epochs of the old state
 * and of the pages.
 *
 * @param base required version of the state; undefined for any version
 * @throws CopyStopped if the state has another version, or if `build` throws it; errors of the pages are passed on
 */
export async function replaceState(
  generations: Pick<Generations, 'build' | 'switchOver'>,
  partitionState: StateKey,
  pages: CheckpointPages,
  base?: Version,
): Promise<Replaced> {
  const built = await generations.build(partitionState, REPLACEMENT, pages)
  const outcome = await generations.switchOver(partitionState, { ...built, live: base })
  if (outcome.kind === 'switched') return { epoch: outcome.epoch, appliedOffset: outcome.replacedOffset }
  throw notReplaced(outcome.kind)
}

const REASONS = {
  moved: 'it has changed in the meantime',
  overtaken: 'another command has begun to replace it',
  incomplete: 'the server has lost a part of the new contents',
  'other-code': 'other code has committed to it',
  'other-partitioning': 'its topic has grown since',
} as const

export function notReplaced(why: keyof typeof REASONS): CopyStopped {
  return new CopyStopped(why, `the partition state cannot be replaced: ${REASONS[why]}`)
}
