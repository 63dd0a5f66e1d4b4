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
  /** Missing if the topic has never grown. */
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
 * One item of a partition state. The same item may occur more than once: the last occurrence counts. If an id was seen several times,
 * the newest occurrence comes last.
 */
export type CheckpointPart =
  | { readonly kind: 'meta'; readonly meta: CheckpointMeta }
  /** The state exactly as it is stored. */
  | { readonly kind: 'state'; readonly entity: string; readonly state: string }
  | { readonly kind: 'timers'; readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly kind: 'outbox'; readonly outbox: OutboxEntry }
  | { readonly kind: 'id'; readonly id: RememberedId }
  /** Many ids as bytes, see `id-bytes.ts`. */
  | { readonly kind: 'ids'; readonly bytes: Buffer }
  | { readonly kind: 'failure'; readonly failure: RememberedFailure }
  | { readonly kind: 'context'; readonly context: StoredContext }
  | { readonly kind: 'gone'; readonly gone: RemovedParts }

/** Removes what earlier parts have. It comes before the other parts of its page. */
export interface RemovedParts {
  /** Entities without a state, and those without timers. */
  readonly states?: readonly string[]
  readonly timers?: readonly string[]
  /** Ids that were applied before this time of the log's clock. */
  readonly idsBeforeMs?: number
  /** Parts that follow as a whole. */
  readonly whole?: readonly ('outbox' | 'failures')[]
}

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

/** When a checkpoint was taken, and what it holds. */
export interface CheckpointInfo {
  /** Milliseconds since the epoch. */
  readonly takenAtMs: number
  /** `takenAtMs` of the checkpoint since which it holds the changes; absent if it holds a whole state. */
  readonly after?: number
}

/** Identifies a stored checkpoint. */
export interface KeptCheckpoint extends CheckpointInfo {
  readonly version: Version
}

/** Where checkpoints are kept. Every method rejects with `Unavailable` if that store cannot be reached, or refuses. */
export interface CheckpointStore {
  /** The checkpoints of one partition state, newest first. */
  list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]>
  /**
   * The state at a checkpoint: a whole one, then the changes of those that follow it. If any of them is damaged or missing, fails with
   * `DamagedCheckpoint`, at its end at the latest: do not use the pages before that.
   */
  read(partitionState: StateKey, kept: KeptCheckpoint): CheckpointPages
  /** Stores the checkpoint once all pages are written, or not at all if the pages fail. They say which version it is of. */
  write(partitionState: StateKey, taken: CheckpointInfo, pages: CheckpointPages): Promise<WrittenCheckpoint>
  /** Removing a checkpoint that does not exist is not an error. */
  remove(partitionState: StateKey, kept: KeptCheckpoint): Promise<void>
}

export interface WrittenCheckpoint {
  readonly kept: KeptCheckpoint
  readonly bytes: number
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

/** Facts of a partition state before a checkpoint of it is taken. */
export interface Tracked {
  readonly version: Version
  /** `takenAtMs` of the checkpoint since which all changes are known; undefined if they are not. */
  readonly since: number | undefined
}

/** A partition state, or its changes, as it is read for a checkpoint while commits go on. */
export interface Reading {
  /** All of the version that their metadata have. Reading them fails with `CopyStopped` if the state was replaced meanwhile. */
  readonly pages: CheckpointPages
  /** The pages are stored: from now on, changes are known since that checkpoint. Without it, the next reading has these once more. */
  stored(takenAtMs: number): Promise<void>
}

/** Reads and replaces whole partition states. Every method rejects with `Unavailable` if they cannot be reached. */
export interface PartitionStates {
  /**
   * A consistent copy; reading its pages fails with `CopyStopped` if there was a commit meanwhile. Undefined if there is no
   * state.
   */
  take(partitionState: StateKey): Promise<TakenState | undefined>
  /** Undefined if there is no state. */
  tracked(partitionState: StateKey): Promise<Tracked | undefined>
  /**
   * Reads a state during commits. Parts that they change meanwhile are read again, the last of them in one step.
   *
   * @param tracked `since` is the checkpoint since which changes are kept
   * @param scope the whole state, or what has changed since that checkpoint
   */
  read(partitionState: StateKey, tracked: Tracked, scope: 'whole' | 'changes'): Reading
  /**
   * Replaces the whole state, or nothing if the pages fail or the version of the state is not `base`. The new epoch is higher
   * than those of both the old state and the pages, so that nothing that was computed from the old state can be committed.
   */
  replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement>
}

/** Ports for restoring a state. */
export interface Recovery {
  readonly checkpoints: CheckpointStore
  readonly states: PartitionStates
}

/** The content is not what was written: truncated, changed, or in another format. The message says which, without contents. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint'
}

/** Whether the state was never written. A state that was emptied on purpose is not absent. */
export function isAbsent({ epoch, appliedOffset }: Version): boolean {
  return epoch === 0 && appliedOffset < 0
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.appliedOffset === b.appliedOffset && a.fired === b.fired
}
