/** Contents of Redis for queries: anything not set is as for a partition that has not been read. */
import type { StateDetails, StateInspection } from '#runtime/operating/states'
import type { Hold, StateKey, StoredTimer } from '#runtime/pipeline'
import type { StoredContext } from '#runtime/test/support/inside'

const EMPTY: StateDetails = {
  appliedOffset: -1,
  version: { epoch: 0, appliedOffset: -1, fired: 0 },
  clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
  entities: 0,
  outbox: 0,
  tally: {},
  timers: 0,
  nextTimer: undefined,
  oldestOutbox: undefined,
  openFailures: [],
  ids: 0,
}

export interface StoredPartition {
  readonly details?: Partial<StateDetails>
  /** States as pages return them: one entity may come twice. */
  readonly states?: readonly (readonly [entity: string, state: unknown, version?: number, hold?: Hold])[]
  /** Timers by entity. */
  readonly timers?: Readonly<Record<string, readonly StoredTimer[]>>
  readonly context?: StoredContext
}

/** @param stored by `consumer topic/partition` */
export function createInspection(
  stored: Readonly<Record<string, StoredPartition>>,
): Pick<StateInspection, 'summary' | 'details' | 'states' | 'state' | 'readEntityTimers' | 'context'> {
  const at = ({ consumer, topic, partition }: StateKey) => stored[`${consumer} ${topic}/${partition}`] ?? {}
  const details = async (stateKey: StateKey) => ({ ...EMPTY, ...at(stateKey).details })
  return {
    summary: details,
    details,
    async *states(stateKey) {
      for (const [entity, state, version = 1, hold] of at(stateKey).states ?? [])
        yield hold ? [entity, state, version, hold] : [entity, state, version]
    },
    state: async (stateKey, entity) => at(stateKey).states?.find(([name]) => name === entity)?.[1],
    context: async stateKey => at(stateKey).context,
    readEntityTimers: async (stateKey, entity) => at(stateKey).timers?.[entity] ?? [],
  }
}

/** The parts of a partition's details that follow from its applied offset. */
export function appliedUpTo(offset: number, epoch = 0): Pick<StateDetails, 'appliedOffset' | 'version'> {
  return { appliedOffset: offset, version: { epoch, appliedOffset: offset, fired: 0 } }
}
