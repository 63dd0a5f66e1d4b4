/** Reads a partition state as the pages of a checkpoint. */

import { isDeepStrictEqual } from 'node:util'
import { CopyStopped } from '../../pipeline/errors.ts'
import type { StateKey } from '../../pipeline/model.ts'
import type { CheckpointPages, CheckpointPart } from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { bytesInBucket, bytesOfId } from './id-packing.ts'
import { keysOf } from './keys.ts'
import { beyondFull } from './layout.ts'
import { checkpointMetaOf, gathered, idKeys, type StateMeta, StateReader } from './state-reader.ts'

export class StatePages {
  readonly #reader: StateReader

  constructor(client: RedisClient) {
    this.#reader = new StateReader(client)
  }

  meta(partitionState: StateKey): Promise<StateMeta> {
    return this.#reader.meta(partitionState)
  }

  /**
   * Reads the whole state. Every commit changes the version, so everything read between two checks that found the same version is
   * consistent. Trimming the outbox does not change the version. The removed entries are already published, so it does not matter
   * whether the checkpoint contains them.
   *
   * @throws CopyStopped at the end of the pages, if a commit was made in the meantime
   */
  async *of(partitionState: StateKey, meta: StateMeta): CheckpointPages {
    yield [{ kind: 'meta', meta: checkpointMetaOf(meta) }]
    yield* this.large(partitionState)
    const { outbox } = keysOf(partitionState)
    yield* this.#mapped(outbox, (_, json) => [{ kind: 'outbox', outbox: parsed(json) }])
    // Yield only the latest attempt of each failure, because an earlier attempt would reopen a closed failure.
    const failures = await gathered(this.#reader.failures(partitionState), ({ id }) => id)
    yield failures.map(failure => ({ kind: 'failure', failure }))
    const context = await this.#reader.context(partitionState)
    if (context) yield [{ kind: 'context', context }]
    if (!isDeepStrictEqual(meta, await this.#reader.meta(partitionState)))
      throw new CopyStopped('moved', 'a commit was made while the partition state was read')
  }

  /** Yields states, timers and ids. The result may or may not include concurrent changes. */
  async *large(partitionState: StateKey): CheckpointPages {
    const { states, timers } = keysOf(partitionState)
    yield* this.#mapped(states, (entity, json) => [
      { kind: 'state', entity: String(entity), state: String(json) },
    ])
    yield* this.#mapped(timers, (entity, json) => [
      { kind: 'timers', entity: String(entity), timers: parsed(json) },
    ])
    // If an id occurs several times, the newest occurrence must be yielded last.
    for (const key of [...idKeys(partitionState, await this.meta(partitionState))].reverse()) {
      yield* this.#ids(key, bytesInBucket)
      yield* this.#ids(beyondFull(key), bytesOfId)
    }
  }

  async *#ids(key: string, bytesIn: (field: Buffer, value: Buffer) => Buffer): CheckpointPages {
    for await (const page of this.#reader.fieldPages(key)) {
      const bytes = Buffer.concat(page.map(([field, value]) => bytesIn(field, value)))
      if (bytes.length > 0) yield [{ kind: 'ids', bytes }]
    }
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
