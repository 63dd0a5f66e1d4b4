/**
 * Copies of whole partition states, kept outside Redis. A partition continues from one when Redis has lost its state and the log
 * no longer reaches back to its start.
 */
import type {
  KeptGrowth,
  LogClock,
  OutboxEntry,
  Partitioning,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
  Version,
} from '../model.ts'

/** The metadata of a partition state. */
export interface CheckpointMeta {
  readonly version: Version
  readonly clock: LogClock
  /** Absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** How the topic has grown, the first growth first; absent if it never has. */
  readonly growths?: readonly KeptGrowth[]
  /** Digest of the record at the applied offset; undefined if it is not known. */
  readonly appliedDigest: string | undefined
  readonly emitted: number
  /** See `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** How many entities each group of producers has added of late; absent if none has. */
  readonly newEntities?: string
  /** Number of records by `outcome/reason`. */
  readonly tally: Readonly<Record<string, number>>
}

/**
 * One item of a partition state. The same item may occur twice, with the same content. If an id was seen several times, the
 * newest occurrence comes last.
 */
export type CheckpointPart =
  | { readonly kind: 'meta'; readonly meta: CheckpointMeta }
  /** The state exactly as it is stored. */
  | { readonly kind: 'state'; readonly entity: string; readonly state: string }
  | { readonly kind: 'timers'; readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly kind: 'outbox'; readonly outbox: OutboxEntry }
  | { readonly kind: 'id'; readonly id: RememberedId }
  | { readonly kind: 'failure'; readonly failure: RememberedFailure }
  | { readonly kind: 'context'; readonly context: StoredContext }

/** A partition state in pages, so that a large one is never in memory as a whole. */
export type CheckpointPages = AsyncIterable<readonly CheckpointPart[]>

/** The metadata of a partition state before its first record. */
export const EMPTY_META: CheckpointMeta = {
  version: { epoch: 0, appliedOffset: -1, fired: 0 },
  clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
  appliedDigest: undefined,
  emitted: 0,
  failuresFromMs: undefined,
  tally: {},
}

/** Identifies a stored checkpoint. */
export interface KeptCheckpoint {
  /** Milliseconds since the epoch. */
  readonly takenAtMs: number
  readonly version: Version
}

/** Where checkpoints are kept. Every method rejects with `Unavailable` if that store cannot be reached, or refuses. */
export interface CheckpointStore {
  /** The checkpoints of one partition state, newest first. */
  list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]>
  /** If the checkpoint is damaged, fails with `DamagedCheckpoint`, at its end at the latest: do not use the pages before that. */
  read(partitionState: StateKey, kept: KeptCheckpoint): CheckpointPages
  /** Stores the checkpoint once all pages are written, or not at all if the pages fail. Returns its size in bytes. */
  write(partitionState: StateKey, kept: KeptCheckpoint, pages: CheckpointPages): Promise<number>
  /** Removing a checkpoint that does not exist is not an error. */
  remove(partitionState: StateKey, kept: KeptCheckpoint): Promise<void>
}

/** Result of an attempt to replace a partition state. */
export type Replacement =
  | 'replaced'
  /** The version was no longer the expected one, so the state was not changed. */
  | 'moved'
  /** Another attempt to replace the state began meanwhile, and continues. */
  | 'overtaken'

/** A partition state of one moment. */
export interface TakenState {
  readonly version: Version
  readonly pages: CheckpointPages
}

/** A partition state that the store holds still. Reading its pages fails with `PartitionMoved` if the copy was replaced meanwhile. */
export interface HeldState extends TakenState {
  /** Removes the copy, unless another one has replaced it. */
  letGo(): Promise<void>
}

/** Why a state is not held still. */
export type NotHeld =
  | 'absent'
  /** With the copy, the store would have too little room left for commits. */
  | 'no-room'
  /** The user may not make copies, or the server is too old for it. */
  | 'not-allowed'
  /** Another run has a copy that is not stale. */
  | 'other-run'

/** A copy is read within seconds. If it is older than this, its run was killed: a copy that stays takes room, and keeps others away. */
export const STALE_AFTER_MS = 5 * 60_000

/** Reads and replaces whole partition states. Every method rejects with `Unavailable` if they cannot be reached. */
export interface PartitionStates {
  /**
   * A consistent copy; reading its pages fails with `PartitionMoved` if there was a commit meanwhile. Undefined if there is no
   * state.
   */
  take(partitionState: StateKey): Promise<TakenState | undefined>
  /**
   * As `take`, from a copy that the store makes of the state, so that commits do not disturb the reading: it takes as much room
   * there as the state. There is one such copy of a state at a time; one that has become stale is replaced.
   *
   * @param nowMs milliseconds since the epoch
   */
  holdStill(partitionState: StateKey, nowMs: number): Promise<HeldState | NotHeld>
  /** Removes the copy of `holdStill` if it is stale: who made it was killed. @param nowMs milliseconds since the epoch */
  removeStaleCopy(partitionState: StateKey, nowMs: number): Promise<void>
  /**
   * Replaces the whole state, or nothing if the pages fail or the version of the state is not `base`. The new epoch is higher
   * than those of both the old state and the pages, so that nothing that was computed from the old state can be committed.
   */
  replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement>
}

/** What is needed to restore a state. */
export interface Recovery {
  readonly checkpoints: CheckpointStore
  readonly states: PartitionStates
}

/** The content is not what was written: truncated, changed, or in another format. The message says which, without contents. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint'
}

/** The partition state changed while it was read. */
export class PartitionMoved extends Error {
  override readonly name = 'PartitionMoved'
}

/** Whether the state was never written. A state that was emptied on purpose is not absent. */
export function isAbsent({ epoch, appliedOffset }: Version): boolean {
  return epoch === 0 && appliedOffset < 0
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.appliedOffset === b.appliedOffset && a.fired === b.fired
}
