import type { Slot } from '../../pipeline/ports.ts'

/** The keys of a slot: one hash tag, so that a cluster keeps them together and one script may change them all. */
export interface SlotKeys {
  readonly meta: string
  readonly states: string
  readonly timers: string
  readonly due: string
  readonly outbox: string
  /** Prefix: ids are spread over `<ids>:<generation>`. */
  readonly ids: string
  /** Prefix: failures are spread over `<failures>:<generation>`. */
  readonly failures: string
}

/** Where other contents of a slot are laid ready: in the same cluster slot, so that one script can switch over. */
export interface StagedKeys {
  /** Who is laying something ready. */
  readonly token: string
  /** A set: the last parts of the keys that are laid ready, with nothing left out. */
  readonly names: string
  /** Prefix: `<staged>:<name>` becomes `<slot>:<name>`. */
  readonly staged: string
  /** Prefix of the slot's own keys. */
  readonly slot: string
}

export function keysOf(slot: Slot): SlotKeys {
  const tag = tagOf(slot)
  return {
    meta: `${tag}:meta`,
    states: `${tag}:states`,
    timers: `${tag}:timers`,
    due: `${tag}:due`,
    outbox: `${tag}:outbox`,
    ids: `${tag}:ids`,
    failures: `${tag}:failures`,
  }
}

export function stagedKeysOf(slot: Slot): StagedKeys {
  const tag = tagOf(slot)
  return { token: `${tag}:staging:token`, names: `${tag}:staging:names`, staged: `${tag}:staged`, slot: tag }
}

function tagOf({ consumer, topic, partition }: Slot): string {
  return `{${consumer}:${topic}:${partition}}`
}
