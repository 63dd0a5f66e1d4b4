/** Reads a partition state, or a copy of it, as the pages of a checkpoint. */
import { isDeepStrictEqual } from 'node:util'
import type { StateKey } from '../../pipeline/model.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  PartitionMoved,
} from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { unpackBucket, unpackId } from './id-packing.ts'
import { type CopyName, keysOf } from './keys.ts'
import { beyondFull } from './layout.ts'
import { checkpointMetaOf, gathered, idKeys, type StateMeta, StateReader } from './state-reader.ts'

export class StatePages {
  readonly #reader: StateReader
  readonly #copy: CopyName | undefined

  constructor(client: RedisClient, copy?: CopyName) {
    this.#reader = new StateReader(client, copy)
    this.#copy = copy
  }

  meta(partitionState: StateKey): Promise<StateMeta> {
    return this.#reader.meta(partitionState)
  }

  /**
   * Every commit changes the version, so everything read between two checks that found the same version is consistent. Trimming
   * the outbox does not change it: the entries removed are published, and a checkpoint may or may not contain them.
   *
   * @throws PartitionMoved at the end, if there was a commit meanwhile
   */
  async *of(partitionState: StateKey, meta: StateMeta): CheckpointPages {
    yield [{ kind: 'meta', meta: checkpointMetaOf(meta) }]
    yield* this.#parts(partitionState, meta)
    if (!isDeepStrictEqual(meta, await this.#reader.meta(partitionState)))
      throw new PartitionMoved('a commit came while the partition state was read')
  }

  async *#parts(partitionState: StateKey, meta: StateMeta): AsyncGenerator<CheckpointPart[]> {
    const { states, timers, outbox } = keysOf(partitionState, this.#copy)
    yield* this.#mapped(states, (entity, json) => [
      { kind: 'state', entity: String(entity), state: String(json) },
    ])
    yield* this.#mapped(timers, (entity, json) => [
      { kind: 'timers', entity: String(entity), timers: parsed(json) },
    ])
    yield* this.#mapped(outbox, (_, json) => [{ kind: 'outbox', outbox: parsed(json) }])
    // If an id was seen several times, the newest comes last.
    for (const key of [...idKeys(partitionState, meta, this.#copy)].reverse()) {
      yield* this.#mapped(key, (name, bucket) =>
        unpackBucket(name, bucket)
          .reverse()
          .map(id => ({ kind: 'id', id })),
      )
      yield* this.#mapped(beyondFull(key), (id, known) => [
        { kind: 'id', id: unpackId(id.toString('latin1'), known) },
      ])
    }
    // Each as it is now: an earlier attempt would open a closed failure again.
    const failures = await gathered(this.#reader.failures(partitionState), ({ id }) => id)
    yield failures.map(failure => ({ kind: 'failure', failure }))
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
