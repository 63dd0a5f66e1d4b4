/**
 * The next generation of a partition state: new contents that are built while the live state remains in use, or fenced, until a
 * switch replaces the live state with them. Imports, restores, reprocessing and growing topics all replace states in this way.
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

/** Name of the next generation of a state. Without a name, the live state is meant. */
export type CopyName = 'next'

/** Purpose of a next generation. A command with another purpose cannot claim or drop it. */
export type Purpose = 'replacement' | 'reprocessing' | 'growth'

/** Identifies the command or function that builds a next generation. */
export interface Builder {
  readonly kind: Purpose
  /** Number of the command run, see `Fence`; 0 if runs are not numbered. */
  readonly attempt: number
}

export interface StateFacts {
  readonly version: Version
  readonly clock: LogClock
  /** See `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Code that made the last commit, see `codeOf`; undefined if unknown. */
  readonly code: string | undefined
  /** First offset from which only this code has decided records, since the state was created or replaced. */
  readonly codeFrom?: number | undefined
  /** Absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** If present, commits are rejected. */
  readonly fence?: Fence
}

/** A completely built next generation. */
export interface Built {
  /** Version of the next generation, which changes with each claim and commit. */
  readonly next: Version
  /** Highest known epoch of these contents. The switch sets a higher one. */
  readonly above: number
}

/** Conditions of the switch. If any of them is not met, nothing changes. */
export interface SwitchExpectation extends Built {
  /** Required version of the live state; undefined for any version. */
  readonly live: Version | undefined
  /** Fence under which the next generation continues the live state; undefined for an independent one. */
  readonly fence?: Fence
  /** Code that must have made the last commit of both states; undefined for any code. */
  readonly code?: string
  /** All growths of the topic, if the next generation does not know them yet. */
  readonly growths?: readonly KeptGrowth[]
}

export type SwitchOutcome =
  | { readonly kind: 'switched'; readonly epoch: number; readonly replacedOffset: number }
  /** The live state has another version, or is not fenced any more. */
  | { readonly kind: 'moved' }
  /** The topic is growing: the live state is fenced and must remain so. */
  | { readonly kind: 'growing' }
  /** Other code has committed to the live state, or to the next generation. */
  | { readonly kind: 'other-code' }
  /** One of the two states is from before a growth of the topic, so its entities differ. */
  | { readonly kind: 'other-partitioning' }
  /** The next generation is not the expected one: another command is building it, or has begun to replace the live state. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the next generation. */
  | { readonly kind: 'incomplete' }

/** Every method rejects with `Unavailable` if the store cannot be reached. */
export interface Generations {
  /**
   * Returns the facts of a state. The version is absent (see `isAbsent`) if the state does not exist.
   *
   * @param copy the next generation; without it, the live state
   */
  facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts>
  /** Returns the purpose of the next generation; undefined unless a complete one exists. */
  purpose(partitionState: StateKey): Promise<Purpose | undefined>
  /** Reads each entity with its stored state, page by page. Like all paged reads, it may return an entity twice. */
  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [entity: string, state: string]>
  /**
   * Reads failures, the newest first. If a failure appears several times, the first one counts.
   *
   * @param copy the next generation; without it, the live state
   */
  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure>
  /** Reads remembered ids, the newest first. If an id appears several times, the first one counts. */
  ids(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedId>
  /** Returns the context that an event has set for the live state; undefined if none was set. */
  context(partitionState: StateKey): Promise<StoredContext | undefined>

  /**
   * Builds the next generation from the pages, with a new epoch. An earlier build is removed, and its builder
   * is rejected from then on. While the topic grows, only the run that has fenced the state may build.
   *
   * @throws CopyStopped if building is not allowed, if another build has begun in the meantime, or if the
   * server has lost a part; errors of the pages are passed on
   */
  build(partitionState: StateKey, builder: Builder, pages: CheckpointPages): Promise<Built>
  /**
   * Raises the epoch of a next generation of this purpose, so that earlier workers are rejected. Returns the
   * new epoch; undefined if there is no such generation.
   */
  claim(partitionState: StateKey, kind: Purpose): Promise<number | undefined>
  /** Returns the state store of next generations. */
  store(): StateStore
  /** Removes the next generation, unless it has another purpose or was built by a later attempt. */
  drop(partitionState: StateKey, builder: Builder): Promise<void>

  /**
   * Rejects commits to the live state until it is replaced or unfenced, or the fence expires. An existing
   * fence remains, unless it belongs to an earlier attempt of the same operation.
   *
   * @param forMs time after which the fence expires, in milliseconds; 0 for never
   * @returns the version of the state, and the fence that is in place
   */
  fence(partitionState: StateKey, fence: Fence, forMs?: number): Promise<Fenced>
  /**
   * Removes the fence, unless it belongs to another command; the live state then accepts commits again. A
   * state that was created only for the fence is removed.
   */
  unfence(partitionState: StateKey, fence: Fence): Promise<void>

  /**
   * Replaces the live state by the next generation, all or nothing, and raises the live epoch. Under a fence, the entries of the
   * live outbox are kept together with those of the next generation, and the counters of decisions continue from the live ones.
   */
  switchOver(partitionState: StateKey, expected: SwitchExpectation): Promise<SwitchOutcome>
  /** Records the growth of the topic in a state whose contents do not change. This needs no fence. */
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
  /** Applied offset of the replaced contents. */
  readonly appliedOffset: number
}

const REPLACEMENT: Builder = { kind: 'replacement', attempt: 0 }

/**
 * Replaces the whole state. If reading the pages fails, nothing changes. The new epoch is higher than those
 * of both the old state and the pages.
 *
 * @param base required version of the state; undefined for any version
 * @throws CopyStopped if the state has another version, or its topic is growing, or `build` refuses; errors
 * of the pages are passed on
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
  growing: 'its topic is growing',
  overtaken: 'another command has begun to replace it',
  incomplete: 'the server has lost a part of the new contents',
  'other-code': 'other code has committed to it',
  'other-partitioning': 'its topic has grown since',
} as const

export function notReplaced(why: keyof typeof REASONS): CopyStopped {
  return new CopyStopped(why, `the partition state cannot be replaced: ${REASONS[why]}`)
}
