/**
 * Checkpoints: copies of whole partition states, stored outside Redis. A partition is restored from a checkpoint if Redis has lost
 * its state and the log no longer contains all its records.
 */
import type {
  Growth,
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
  /** Distribution of entities over partitions; absent if the topic has never grown. */
  readonly partitioning?: Partitioning
  /** Growths of the topic, oldest first; absent if it has never grown. */
  readonly growths?: readonly Growth[]
  /** Digest of the record at the applied offset; undefined if unknown. */
  readonly appliedDigest: string | undefined
  readonly emitted: number
  /** Append time from which all failures are remembered, see `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Serialized levels of `NewEntities`; absent if none exist. */
  readonly newEntities?: string
  readonly origin?: string
  /** See `Snapshot`. */
  readonly formerOffsets?: Readonly<Record<string, number>>
  /** Highest decided sequence of each origin. */
  readonly sequences?: Readonly<Record<string, string>>
  /** Number of decisions, by `outcome/reason`. */
  readonly tally: Readonly<Record<string, number>>
}

/**
 * One part of a partition state. If a part occurs more than once, its last occurrence is valid. If an id was seen several times,
 * its newest occurrence comes last.
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

/** Removes data of earlier checkpoints in the chain. It precedes the other parts of its page. */
export interface RemovedParts {
  /** Names of entities whose state was removed. `timers` has the names of entities whose timers were removed. */
  readonly states?: readonly string[]
  readonly timers?: readonly string[]
  /** Removes ids that were applied before this time of the log's clock. */
  readonly idsBeforeMs?: number
  /** Kinds of parts that are replaced completely by the parts that follow. */
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

/** Result of an attempt to replace a partition state. */
export type Replacement =
  | 'replaced'
  /** The version differed from the expected one, so the state was not changed. */
  | 'moved'
  /** Another attempt to replace the state has begun in the meantime, and takes precedence. */
  | 'overtaken'

/** Consistent copy of a partition state. */
export interface TakenState {
  readonly version: Version
  readonly pages: CheckpointPages
}

/** Reads and replaces whole partition states. Every method rejects with `Unavailable` if the store cannot be reached. */
export interface PartitionStates {
  /**
   * Returns a consistent copy of the state; undefined if none exists. Reading the pages fails with `CopyStopped` if a commit is
   * made in the meantime.
   */
  take(partitionState: StateKey): Promise<TakenState | undefined>
  /**
   * Replaces the whole state. If the pages cannot be read, or if the version of the state is not `base`, nothing changes. The new
   * epoch is higher than the epochs of the old state and of the pages, so that a change computed from the old state cannot be
   * committed.
   */
  replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement>
}

/** Returns true if the state was never written. A state that was written and is empty does exist. */
export function isAbsent({ epoch, appliedOffset }: Version): boolean {
  return epoch === 0 && appliedOffset < 0
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.appliedOffset === b.appliedOffset && a.fired === b.fired
}
