/**
 * Checkpoints: copies of whole partition states, stored outside Redis. A partition is restored from a
 * checkpoint if Redis has lost its state and the log no longer reaches back to its start.
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

export interface CheckpointMeta {
  readonly version: Version
  readonly clock: LogClock
  /** Absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** Growths of the topic, the first one first; absent if it has never grown. */
  readonly growths?: readonly KeptGrowth[]
  /** Digest of the record at the applied offset; undefined if unknown. */
  readonly appliedDigest: string | undefined
  readonly emitted: number
  /** See `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Number of entities that each group of producers has added recently; absent if none were added. */
  readonly newEntities?: string
  /** Number of records by `outcome/reason`. */
  readonly tally: Readonly<Record<string, number>>
}

/**
 * One item of a partition state. If the same item occurs more than once, the last occurrence counts. If an id
 * was seen several times, the newest occurrence comes last.
 */
export type CheckpointPart =
  | { readonly kind: 'meta'; readonly meta: CheckpointMeta }
  /** The state exactly as it is stored. */
  | { readonly kind: 'state'; readonly entity: string; readonly state: string }
  | { readonly kind: 'timers'; readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly kind: 'outbox'; readonly outbox: OutboxEntry }
  | { readonly kind: 'id'; readonly id: RememberedId }
  /** Many ids in binary form, see `id-bytes.ts`. */
  | { readonly kind: 'ids'; readonly bytes: Buffer }
  | { readonly kind: 'failure'; readonly failure: RememberedFailure }
  | { readonly kind: 'context'; readonly context: StoredContext }
  | { readonly kind: 'gone'; readonly gone: RemovedParts }

/** Removes items of earlier parts. It precedes the other parts of its page. */
export interface RemovedParts {
  /** Names of entities that have lost their state, and of those that have lost their timers. */
  readonly states?: readonly string[]
  readonly timers?: readonly string[]
  /** Removes ids that were applied before this time of the log's clock. */
  readonly idsBeforeMs?: number
  /** Kinds of parts that are replaced as a whole by the parts that follow. */
  readonly whole?: readonly ('outbox' | 'failures')[]
}

/** Pages of a partition state, so that a large state is never in memory as a whole. */
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

/** Time and kind of a checkpoint. */
export interface CheckpointInfo {
  /** Time of the checkpoint, in milliseconds since the epoch. */
  readonly takenAtMs: number
  /** For a checkpoint that contains only changes, `takenAtMs` of the one it is based on; absent for a complete one. */
  readonly after?: number
}

/** Identifies a stored checkpoint. */
export interface KeptCheckpoint extends CheckpointInfo {
  readonly version: Version
}

/** Storage for checkpoints. Every method rejects with `Unavailable` if the storage cannot be reached or refuses the request. */
export interface CheckpointStore {
  /** Returns the checkpoints of one partition state, newest first. */
  list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]>
  /**
   * Reads the state at a checkpoint: a complete checkpoint, followed by the changes of the later ones. If any
   * of them is damaged or missing, iteration fails with `DamagedCheckpoint`, at its end at the latest. Do not
   * use the pages before iteration has finished.
   */
  read(partitionState: StateKey, kept: KeptCheckpoint): CheckpointPages
  /**
   * Stores the checkpoint once all pages are written; stores nothing if reading the pages fails. The version
   * of the checkpoint is taken from the pages.
   */
  write(partitionState: StateKey, taken: CheckpointInfo, pages: CheckpointPages): Promise<WrittenCheckpoint>
  /** Removes a checkpoint. It is not an error if the checkpoint does not exist. */
  remove(partitionState: StateKey, kept: KeptCheckpoint): Promise<void>
}

export interface WrittenCheckpoint {
  readonly kept: KeptCheckpoint
  readonly bytes: number
}

/** Result of an attempt to replace a partition state. */
export type Replacement =
  | 'replaced'
  /** The version differed from the expected one, so the state was not changed. */
  | 'moved'
  /** Another attempt to replace the state began in the meantime, and continues. */
  | 'overtaken'

/** Consistent copy of a partition state. */
export interface TakenState {
  readonly version: Version
  readonly pages: CheckpointPages
}

/** Facts about a partition state that are read before a checkpoint is taken. */
export interface Tracked {
  readonly version: Version
  /** `takenAtMs` of the checkpoint since which all changes are known; undefined if there is none. */
  readonly since: number | undefined
}

/** Ongoing read of a partition state, or of its changes, for a checkpoint. Commits continue during the read. */
export interface Reading {
  /**
   * Pages that all belong to the version in their metadata. Reading them fails with `CopyStopped` if the
   * state was replaced in the meantime.
   */
  readonly pages: CheckpointPages
  /**
   * Confirms that the pages are stored: from then on, changes since that checkpoint are tracked. Without the
   * confirmation, the next read returns the same changes again.
   */
  stored(takenAtMs: number): Promise<void>
}

/** Reads and replaces whole partition states. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface PartitionStates {
  /**
   * Returns a consistent copy; undefined if there is no state. Reading its pages fails with `CopyStopped` if
   * a commit was made in the meantime.
   */
  take(partitionState: StateKey): Promise<TakenState | undefined>
  /** Returns facts about the state; undefined if there is none. */
  tracked(partitionState: StateKey): Promise<Tracked | undefined>
  /**
   * Reads a state while commits continue. Parts that change during the read are read again, the last of them in one step.
   *
   * @param tracked `since` is the checkpoint since which changes are tracked
   * @param scope the whole state, or the changes since that checkpoint
   */
  read(partitionState: StateKey, tracked: Tracked, scope: 'whole' | 'changes'): Reading
  /**
   * Replaces the whole state. Nothing changes if reading the pages fails or the version of the state is not
   * `base`. The new epoch is higher than those of both the old state and the pages, so that a change that was
   * computed from the old state cannot be committed.
   */
  replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement>
}

/** Ports that are needed to restore a state. */
export interface Recovery {
  readonly checkpoints: CheckpointStore
  readonly states: PartitionStates
}

/** The content of a checkpoint is truncated, changed, or in another format. The message says which, without quoting the content. */
export class DamagedCheckpoint extends Error {
  override readonly name = 'DamagedCheckpoint'
}

/** Returns true if the state was never written. A state that was emptied on purpose is not absent. */
export function isAbsent({ epoch, appliedOffset }: Version): boolean {
  return epoch === 0 && appliedOffset < 0
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.appliedOffset === b.appliedOffset && a.fired === b.fired
}
