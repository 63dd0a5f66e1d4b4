import type { CopyName } from '../../pipeline/generations/generations.ts'
import type { StateKey } from '../../pipeline/model.ts'

/** The keys of a partition state share a hash tag: a cluster keeps them together, and one script can change them all. */
export interface PartitionStateKeys {
  /** Hash: version, log clock and counters, see `layout.ts`. */
  readonly meta: string
  /** Hash: entity → state, JSON. */
  readonly states: string
  /** Hash: entity → its timers, JSON. */
  readonly timers: string
  /** Sorted set: entities by the thresholds of their first timers. */
  readonly due: string
  /** Hash: position → event, JSON. */
  readonly outbox: string
  /** Prefix of hashes: `<ids>:<generation>` and, for ids beyond full buckets, `<ids>:<generation>:more`, see `layout.ts`. */
  readonly ids: string
  /** Hash: group of producers → its numbers; and prefix of hashes, `<failures>:<group>:<generation>`, see `layout.ts`. */
  readonly failures: string
  /** Hash: hash and content of the partition's context. */
  readonly context: string
}

/** @param copy a copy of the partition state beside it; without one, the live state */
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
 * Hash: offset → digest of each record that an operator has set aside. No part of the partition state: it stays if that is replaced, and copies
 * read the same.
 */
export function skippedKeyOf(stateKey: StateKey): string {
  return `${tagOf(stateKey)}:skipped`
}

/** Key of the changes since the last checkpoint, see `lua/changes.lua`. Copies of the state do not include it. */
export function changesKeyOf(stateKey: StateKey, copy?: CopyName): string {
  return `${prefixOf(stateKey, copy)}:changes`
}

/** Key of a forwarder's progress in a partition. */
export function cursorKeyOf(stateKey: StateKey): string {
  return `${tagOf(stateKey)}:cursor`
}

/** Returns the common prefix of all keys of a partition state, or of a copy of it. */
export function prefixOf(stateKey: StateKey, copy?: CopyName): string {
  return copy ? `${tagOf(stateKey)}:${copy}` : tagOf(stateKey)
}

function tagOf({ consumer, topic, partition }: StateKey): string {
  return `{${consumer}:${topic}:${partition}}`
}
