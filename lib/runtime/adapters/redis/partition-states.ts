import { isDeepStrictEqual } from 'node:util'
import { Unavailable } from '../../pipeline/errors.ts'
import type { StateKey, Version } from '../../pipeline/model.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  isAbsent,
  PartitionMoved,
  type PartitionStates,
  type Replacement,
} from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { unpackBucket, unpackId } from './id-packing.ts'
import { keysOf } from './keys.ts'
import { beyondFull } from './layout.ts'
import { RestoreRefused, replaceState } from './staging.ts'
import { checkpointMetaOf, idKeys, type StateMeta, StateReader } from './state-reader.ts'

/** Partition states in Redis, read and replaced page by page. */
export class RedisPartitionStates implements PartitionStates {
  readonly #client: RedisClient
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#client = client
    this.#reader = new StateReader(client)
  }

  async take(
    partitionState: StateKey,
  ): Promise<{ readonly version: Version; readonly pages: CheckpointPages } | undefined> {
    const meta = await this.#reader.meta(partitionState)
    return isAbsent(meta.version)
      ? undefined
      : { version: meta.version, pages: this.#pages(partitionState, meta) }
  }

  async replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement> {
    try {
      await replaceState(this.#client, partitionState, pages, base)
      return 'replaced'
    } catch (error) {
      if (!(error instanceof RestoreRefused)) throw error
      if (error.why === 'moved' || error.why === 'overtaken') return error.why
      throw new Unavailable('store-unavailable', 'Redis lost a part of what was laid ready: try again')
    }
  }

  /**
   * Every commit changes the version, so everything read between two checks that found the same version is consistent. Trimming
   * the outbox does not change it: the entries removed are published, and a checkpoint may or may not contain them.
   */
  async *#pages(partitionState: StateKey, meta: StateMeta): AsyncGenerator<CheckpointPart[]> {
    yield [{ kind: 'meta', meta: checkpointMetaOf(meta) }]
    yield* this.#parts(partitionState, meta)
    if (!isDeepStrictEqual(meta, await this.#reader.meta(partitionState)))
      throw new PartitionMoved('a commit came while the partition state was read')
  }

  async *#parts(partitionState: StateKey, meta: StateMeta): AsyncGenerator<CheckpointPart[]> {
    const { states, timers, outbox } = keysOf(partitionState)
    yield* this.#mapped(states, (entity, json) => [
      { kind: 'state', entity: String(entity), state: String(json) },
    ])
    yield* this.#mapped(timers, (entity, json) => [
      { kind: 'timers', entity: String(entity), timers: parsed(json) },
    ])
    yield* this.#mapped(outbox, (_, json) => [{ kind: 'outbox', outbox: parsed(json) }])
    // If an id was seen several times, the newest comes last.
    for (const key of [...idKeys(partitionState, meta)].reverse()) {
      yield* this.#mapped(key, (name, bucket) =>
        unpackBucket(name, bucket)
          .reverse()
          .map(id => ({ kind: 'id', id })),
      )
      yield* this.#mapped(beyondFull(key), (id, known) => [
        { kind: 'id', id: unpackId(id.toString('latin1'), known) },
      ])
    }
    const failures: CheckpointPart[] = []
    for await (const failure of this.#reader.failures(partitionState))
      failures.push({ kind: 'failure', failure })
    yield failures
    const context = await this.#reader.context(partitionState)
    if (context) yield [{ kind: 'context', context }]
  }

  async *#mapped(
    key: string,
    partsOf: (field: Buffer, value: Buffer) => CheckpointPart[],
  ): AsyncGenerator<CheckpointPart[]> {
    for await (const page of this.#reader.fieldPages(key))
      yield page.flatMap(([field, value]) => partsOf(field, value))
  }
}

function parsed<T>(json: Buffer): T {
  return JSON.parse(json.toString()) as T
}
