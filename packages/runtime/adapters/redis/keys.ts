import type { StateKey } from '../../pipeline/model/partition-state.ts'

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

/** Part of the keys of a rebuild, which is written beside the state: see `lua/rebuild.lua`. */
export const REBUILD = ':staged'

/** @param part `REBUILD` for the keys of the state's rebuild */
export function buildKeys(stateKey: StateKey, part = ''): PartitionStateKeys {
  const tag = buildPrefix(stateKey) + part
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
 * state: it remains if the state is replaced.
 */
export function buildSkippedKey(stateKey: StateKey): string {
  return `${buildPrefix(stateKey)}:skipped`
}

/** Returns the key of a forwarder's progress in a partition. */
export function buildCursorKey(stateKey: StateKey): string {
  return `${buildPrefix(stateKey)}:cursor`
}

/** Returns the common prefix of all keys of a partition state. */
export function buildPrefix({ consumer, topic, partition }: StateKey): string {
  return `{${consumer}:${topic}:${partition}}`
}
