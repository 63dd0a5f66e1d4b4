/**
 * New contents of a partition state, its next generation: built beside the live state, which may be fenced meanwhile, until a switch puts
 * them in its place. Imports, restores, reprocessing and growing topics all replace states in this way.
 */
import { CopyStopped } from '../errors.ts'
import type {
  KeptGrowth,
  LogClock,
  Partitioning,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  Version,
} from '../model.ts'
import type { StateStore } from '../ports.ts'
import type { CheckpointPages } from '../recovery/checkpoints.ts'
import type { Fence } from './fence.ts'

/** Names the next generation of a state; without this name, the live state is meant. */
export type CopyName = 'next'

/** The purpose of a next generation: one for another purpose cannot be claimed or dropped. */
export type Purpose = 'replacement' | 'reprocessing' | 'growth'

/** Identifies the command or function that builds a next generation. */
export interface Builder {
  readonly kind: Purpose
  /** The run of a command, see `Fence`; 0 where runs are not numbered. */
  readonly attempt: number
}

export interface StateFacts {
  readonly version: Version
  readonly clock: LogClock
  /** See `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Which code made the last commit, see `codeOf`; undefined if it is not known. */
  readonly code: string | undefined
  /** The first offset that this code has decided since the state was made or replaced, without another in between. */
  readonly codeFrom?: number | undefined
  /** Missing if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** Nothing can be committed as long as it stands. */
  readonly fence?: Fence
}

/** A next generation that is whole. */
export interface Built {
  /** Version of the next generation, which changes with each claim and commit. */
  readonly next: Version
  /** Highest epoch that the contents are known to have had: the switch goes beyond it. */
  readonly above: number
}

/** Conditions of the switch; if one does not hold, nothing is changed. */
export interface SwitchExpectation extends Built {
  /** The version that the live state must have; undefined if any will do. */
  readonly live: Version | undefined
  /** Fence behind which the next generation continues the live state; undefined for an independent one. */
  readonly fence?: Fence
  /** The code of the last commit of both; undefined if any may have made them. */
  readonly code?: string
  /** All growths of the topic, if the next generation does not know them yet. */
  readonly growths?: readonly KeptGrowth[]
}

export type SwitchOutcome =
  | { readonly kind: 'switched'; readonly epoch: number; readonly replacedOffset: number }
  /** The live state has another version, or is no longer fenced. */
  | { readonly kind: 'moved' }
  /** The topic is growing: the live state is fenced, and must stay so. */
  | { readonly kind: 'growing' }
  /** Other code has committed to the live state, or to the next generation. */
  | { readonly kind: 'other-code' }
  /** One of the two states is from before a growth of the topic, and so has other entities. */
  | { readonly kind: 'other-partitioning' }
  /** The next generation is not the expected one: another command works on it, or has begun to replace the live state. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the next generation. */
  | { readonly kind: 'incomplete' }

/** Every method rejects with `Unavailable` if the store cannot be reached. */
export interface Generations {
  /** The version is absent (see `isAbsent`) if there is no such state. @param copy without one, of the live state */
  facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts>
  /** Returns the purpose of the next generation; undefined unless there is one that is whole. */
  purpose(partitionState: StateKey): Promise<Purpose | undefined>
  /** Each entity with its stored state, page by page; like all paged reads, it may return an entity twice. */
  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [entity: string, state: string]>
  /** The newest first: if one appears several times, the first counts. @param copy without one, of the live state */
  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure>
  /** The newest first: if one appears several times, the first counts. */
  ids(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedId>
  /** The context that an event has set for the live state; undefined if none has. */
  context(partitionState: StateKey): Promise<StoredContext | undefined>

  /**
   * Builds the next generation from the pages, with a new epoch. An earlier build is removed, and its builder is refused from now
   * on. While the topic grows, only the run that has fenced the state may build.
   *
   * @throws CopyStopped if it may not, or another one has begun meanwhile, or the server has lost a part; errors of the pages as they are
   */
  build(partitionState: StateKey, builder: Builder, pages: CheckpointPages): Promise<Built>
  /**
   * Raises the epoch of a next generation of this purpose, so that earlier workers are refused. Returns the new epoch; undefined
   * without a generation.
   */
  claim(partitionState: StateKey, kind: Purpose): Promise<number | undefined>
  /** The store of next generations. */
  store(): StateStore
  /** Removes the next generation, unless it was built for something else, or by a later attempt. */
  drop(partitionState: StateKey, builder: Builder): Promise<void>

  /**
   * Stops commits to the live state until it is replaced, or unfenced, or the time is over. A fence that stands already stays, unless it is
   * of an earlier attempt of the same.
   *
   * @param forMs when it falls by itself; 0 if it does not
   * @returns the version that the state keeps, and the fence that stands
   */
  fence(partitionState: StateKey, fence: Fence, forMs?: number): Promise<Fenced>
  /** The live state continues as it was, unless the fence is another command's. One that the fence has made is removed. */
  unfence(partitionState: StateKey, fence: Fence): Promise<void>

  /**
   * Replaces the live state by the next generation, all or nothing, and raises the live epoch. Behind a fence, what the live outbox still
   * holds stays in it, beside the entries of the next generation; the counters of decisions go on from the live ones.
   */
  switchOver(partitionState: StateKey, expected: SwitchExpectation): Promise<SwitchOutcome>
  /** Notes how the topic has grown, in a state whose contents stay: no fence is needed for that. */
  noteGrowth(
    partitionState: StateKey,
    partitioning: Partitioning,
    growths: readonly KeptGrowth[],
  ): Promise<void>
}

export interface Fenced {
  readonly version: Version
  readonly fence: Fence
}

export interface Replaced {
  readonly epoch: number
  /** The applied offset of the contents that were replaced. */
  readonly appliedOffset: number
}

const REPLACEMENT: Builder = { kind: 'replacement', attempt: 0 }

/**
 * Replaces the whole state, or nothing if the pages fail. The new epoch is higher than those of both the old state and the pages.
 *
 * @param base the version that the state must still have; undefined if any version will do
 * @throws CopyStopped if the state has another version, or its topic is growing, or `build` refuses; errors of the pages as they are
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
  moved: 'it has changed meanwhile',
  growing: 'its topic is growing',
  overtaken: 'another command has begun to replace it',
  incomplete: 'the server has lost a part of what was built',
  'other-code': 'other code has committed to it',
  'other-partitioning': 'its topic has grown since',
} as const

export function notReplaced(why: keyof typeof REASONS): CopyStopped {
  return new CopyStopped(why, `the partition state cannot be replaced: ${REASONS[why]}`)
}
