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

export function keysOf({ consumer, topic, partition }: Slot): SlotKeys {
  const tag = `{${consumer}:${topic}:${partition}}`
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
