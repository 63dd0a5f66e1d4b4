/**
 * Takes a checkpoint of a whole partition state, and restores a state from a checkpoint. After a restore, the log is read from the
 * applied offset of the checkpoint.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Replaced, replaceState } from '../../pipeline/generations/generations.ts'
import type {
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../pipeline/model.ts'
import { type CheckpointMeta, type CheckpointPart, EMPTY_META } from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { RedisGenerations } from './generations.ts'
import { checkpointMetaOf, gathered, type StateMeta, StateReader } from './state-reader.ts'

/** Complete contents of a partition state. */
export interface Checkpoint extends CheckpointMeta {
  /** States by entity, in their stored form. */
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly outbox: readonly OutboxEntry[]
  /** Ids by generation, the newest generation first. In each bucket, the newest id comes first. */
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
  readonly context?: StoredContext
}

/** Contents of a partition state before the first record. */
export const NOTHING: Checkpoint = {
  ...EMPTY_META,
  states: new Map(),
  timers: new Map(),
  outbox: [],
  ids: [],
  failures: [],
}

/** Maximum number of attempts to read a partition state. An attempt fails if a commit changes the state during the read. */
export const ATTEMPTS = 20

export class StateCheckpoints {
  readonly #client: RedisClient
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#client = client
    this.#reader = new StateReader(client)
  }

  /**
   * Returns a consistent copy of the partition state while its consumer continues. Every commit changes the version, so everything
   * read between two checks that found the same version is consistent. Trimming the outbox does not change the version. The removed
   * entries are already published, so it does not matter whether the checkpoint contains them.
   *
   * @returns `moving` if the partition state changed during every attempt
   */
  async take(stateKey: StateKey): Promise<Checkpoint | 'moving'> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = await this.#reader.meta(stateKey)
      const checkpoint = await this.#read(stateKey, before)
      if (isDeepStrictEqual(before, await this.#reader.meta(stateKey))) return checkpoint
    }
    return 'moving'
  }

  /**
   * Replaces the whole partition state, all or nothing. The new epoch is higher than the current epoch and the epoch of the
   * checkpoint, so that no invocation can commit a result computed from another state.
   *
   * @throws CopyStopped if another attempt to replace the same partition state has begun, or if the server has lost a part in the
   * meantime
   */
  put(stateKey: StateKey, checkpoint: Checkpoint): Promise<Replaced> {
    return replaceState(new RedisGenerations(this.#client), stateKey, pagesOf(checkpoint))
  }

  async #read(stateKey: StateKey, meta: StateMeta): Promise<Checkpoint> {
    const reader = this.#reader
    const outbox = await gathered(reader.outbox(stateKey), ({ position }) => position)
    const context = await reader.context(stateKey)
    return {
      ...checkpointMetaOf(meta),
      states: new Map(await gathered(reader.states(stateKey), ([entity]) => entity)),
      timers: new Map(await gathered(reader.timers(stateKey), ([entity]) => entity)),
      outbox: outbox.sort((a, b) => (a.position < b.position ? -1 : 1)),
      ids: await gathered(reader.ids(stateKey, meta), ({ id }) => id),
      failures: await gathered(reader.failures(stateKey), ({ id }) => id),
      ...(context ? { context } : {}),
    }
  }
}

async function* pagesOf(checkpoint: Checkpoint): AsyncGenerator<CheckpointPart[]> {
  const { states, timers, outbox, ids, failures, context, ...meta } = checkpoint
  yield [{ kind: 'meta', meta }]
  yield Array.from(states, ([entity, state]) => ({ kind: 'state', entity, state }))
  yield Array.from(timers, ([entity, own]) => ({ kind: 'timers', entity, timers: own }))
  yield outbox.map(entry => ({ kind: 'outbox', outbox: entry }))
  // Yield the newest ids last.
  yield ids.toReversed().map(id => ({ kind: 'id', id }))
  yield failures.map(failure => ({ kind: 'failure', failure }))
  if (context) yield [{ kind: 'context', context }]
}
