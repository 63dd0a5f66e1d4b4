import type { CopyName } from '../../pipeline/generations/generations.ts'
import type { StateKey } from '../../pipeline/model.ts'

/** Keys of a partition state. They share a hash tag, so that a cluster stores them together and one script can change them all. */
export interface PartitionStateKeys {
  /** Hash with the version, log clock and counters, see `layout.ts`. */
  readonly meta: string
  /** Hash that maps each entity to its state as JSON. */
  readonly states: string
  /** Hash that maps each entity to its timers as JSON. */
  readonly timers: string
  /** Sorted set of entities, by the threshold of the entity's first timer. */
  readonly due: string
  /** Hash that maps the position of each unpublished event to the event as JSON. */
  readonly outbox: string
  /**
   * Prefix of hashes: `<ids>:<generation>` for buckets of ids, and `<ids>:<generation>:more` for ids whose bucket is full. See
   * `layout.ts`.
   */
  readonly ids: string
  /**
   * Hash that maps each producer group to its numbers. Also the prefix of hashes `<failures>:<group>:<generation>`, see
   * `layout.ts`.
   */
  readonly failures: string
  /** Hash with the hash and content of the partition's context. */
  readonly context: string
}

/**
 * Returns the keys of a partition state.
 *
 * @param copy name of a separately stored copy of the state; by default, the live state
 */
export function keysOf(stateKey: StateKey, copy?: CopyName): PartitionStateKeys {
  const tag = prefixOf(stateKey, copy)
  return {
    meta: `${tag}:meta`,
    states: `${tag}:states`,
    timers: `${tag}:timers`,
    due: `${tag}:due`,
    outbox: `${tag}:outbox`,
    ids: `${tag}:ids`,
    failures: `${tag}:failures`,
    context: `${tag}:context`,
  }
}

/**
 * Returns the key of the hash that maps the offset of each skipped record to its digest. The hash is not part of the partition
 * state: it remains if the state is replaced, and copies of the state use the same hash.
 */
export function skippedKeyOf(stateKey: StateKey): string {
  return `${tagOf(stateKey)}:skipped`
}

/** Returns the key of the changes since the last checkpoint, see `lua/changes.lua`. The key is not part of copies of the state. */
export function changesKeyOf(stateKey: StateKey, copy?: CopyName): string {
  return `${prefixOf(stateKey, copy)}:changes`
}

/** Returns the key of a forwarder's progress in a partition. */
export function cursorKeyOf(stateKey: StateKey): string {
  return `${tagOf(stateKey)}:cursor`
}

/** Returns the common prefix of all keys of a partition state or of its copy. */
export function prefixOf(stateKey: StateKey, copy?: CopyName): string {
  return copy ? `${tagOf(stateKey)}:${copy}` : tagOf(stateKey)
}

function tagOf({ consumer, topic, partition }: StateKey): string {
  return `{${consumer}:${topic}:${partition}}`
}
