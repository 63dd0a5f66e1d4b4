/** Partition states that are computed anew beside the live ones, until they replace them. */
import type { Fence } from '../fence.ts'
import type {
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

/** The state that is computed anew, the next generation of the live one; without this name, the live one. */
export type CopyName = 'next'

export interface StateFacts {
  readonly version: Version
  readonly clock: LogClock
  /** See `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Which code made the last commit, see `codeOf`; undefined if it is not known. */
  readonly code: string | undefined
  /** The first offset that this code has decided since the state was made or replaced, without another in between. */
  readonly codeFrom?: number | undefined
  /** Absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** Nothing can be committed as long as it stands. */
  readonly fence?: Fence
}

/** What must hold at the switch; otherwise nothing is changed. */
export interface SwitchExpectation {
  readonly live: Version
  readonly rebuilt: Version
  /** The code of the last commit of both. */
  readonly code: string
  /** Who must have fenced the live state. */
  readonly by: string
}

export type SwitchOutcome =
  | { readonly kind: 'switched'; readonly epoch: number }
  /** The live state has another version, or is no longer fenced. */
  | { readonly kind: 'moved' }
  /** The topic is growing: the live state is fenced, and must stay so. */
  | { readonly kind: 'growing' }
  /** Other code has committed to the live state, or to the rebuilt one. */
  | { readonly kind: 'other-code' }
  /** One of the two states is of before a growth of the topic, and so has other entities. */
  | { readonly kind: 'other-partitioning' }
  /** The rebuilt state is not the expected one: another command works on it, or has begun to replace the live one. */
  | { readonly kind: 'overtaken' }
  /** The server has lost a part of the rebuilt state. */
  | { readonly kind: 'incomplete' }

/** Every method rejects with `Unavailable` if the store cannot be reached. */
export interface StateCopies {
  /** The version is absent (see `isAbsent`) if there is no such state. @param copy without one, of the live state */
  facts(partitionState: StateKey, copy?: CopyName): Promise<StateFacts>
  /** The store of the rebuilt states. */
  store(): StateStore
  /** Makes the rebuilt state what the pages say. It gets an epoch that it never had. */
  seed(partitionState: StateKey, pages: CheckpointPages): Promise<void>
  /**
   * Raises the epoch of the rebuilt state, so that whoever has worked on it before is refused from now on. Returns the new epoch;
   * undefined if there is no rebuilt state.
   */
  claim(partitionState: StateKey): Promise<number | undefined>
  /**
   * Stops commits to the live state until it is replaced, or unfenced, or the time is over. Takes over the fence of an earlier
   * command. Returns the version that the state keeps; undefined if it is fenced because its topic is growing.
   */
  fence(partitionState: StateKey, by: string, forMs: number): Promise<Version | undefined>
  /** The live state continues as it was, unless the fence is another command's. */
  unfence(partitionState: StateKey, by: string): Promise<void>
  /** Each entity with its stored state, page by page; like all paged reads, it may return an entity twice. */
  states(partitionState: StateKey, copy?: CopyName): AsyncIterable<readonly [entity: string, state: string]>
  /** The newest first: if one appears several times, the first counts. @param copy without one, of the live state */
  failures(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedFailure>
  /** The newest first: if one appears several times, the first counts. */
  ids(partitionState: StateKey, copy?: CopyName): AsyncIterable<RememberedId>
  /**
   * Replaces the live state by the rebuilt one, all or nothing, and raises the live epoch. What the live outbox still holds stays
   * in it, beside the rebuilt one's entries; the counters of decisions go on from the live ones.
   */
  switchOver(partitionState: StateKey, expected: SwitchExpectation): Promise<SwitchOutcome>
  /** The context that an event has set for the live state; undefined if none has. */
  context(partitionState: StateKey): Promise<StoredContext | undefined>
  /** Removes the rebuilt state. */
  drop(partitionState: StateKey): Promise<void>
}
