import type { StateKey } from '../../pipeline/model.ts'

/** The keys of a partition state share a hash tag: a cluster keeps them together, and one script can change them all. */
export interface PartitionStateKeys {
  readonly meta: string
  readonly states: string
  readonly timers: string
  readonly due: string
  readonly outbox: string
  /** Prefix: ids are spread over `<ids>:<generation>`. */
  readonly ids: string
  /** Prefix: failures are spread over `<failures>:<generation>`. */
  readonly failures: string
  readonly context: string
}

/** The keys for staging new contents of a partition state: in the same hash slot, so that one script can switch over. */
export interface StagedKeys {
  /** The token of the attempt that is staging. */
  readonly token: string
  /** A set of the last parts of all staged keys. */
  readonly names: string
  /** Prefix: `<staged>:<name>` becomes `<stateKey>:<name>`. */
  readonly staged: string
  /** Prefix of the partition state's own keys. */
  readonly stateKey: string
}

export function keysOf(stateKey: StateKey): PartitionStateKeys {
  const tag = tagOf(stateKey)
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

export function stagedKeysOf(stateKey: StateKey): StagedKeys {
  const tag = tagOf(stateKey)
  return {
    token: `${tag}:staging:token`,
    names: `${tag}:staging:names`,
    staged: `${tag}:staged`,
    stateKey: tag,
  }
}

function tagOf({ consumer, topic, partition }: StateKey): string {
  return `{${consumer}:${topic}:${partition}}`
}
