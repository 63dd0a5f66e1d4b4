import { CopyStopped, Unavailable } from '../../pipeline/errors.ts'
import type { StateKey, Version } from '../../pipeline/model.ts'
import {
  type CheckpointPages,
  isAbsent,
  type PartitionStates,
  type Reading,
  type Replacement,
  type TakenState,
  type Tracked,
} from '../../pipeline/recovery/checkpoints.ts'
import { replaceState } from '../../pipeline/replacing/replaceable-states.ts'
import type { RedisClient } from './client.ts'
import { changesKeyOf } from './keys.ts'
import { RedisReplaceableStates } from './replaceable-states.ts'
import { StatePages } from './state-pages.ts'
import { RedisReading } from './state-reading.ts'

/** Reads and replaces partition states in Redis, page by page. */
export class RedisPartitionStates implements PartitionStates {
  readonly #client: RedisClient
  readonly #pages: StatePages

  constructor(client: RedisClient) {
    this.#client = client
    this.#pages = new StatePages(client)
  }

  async take(partitionState: StateKey): Promise<TakenState | undefined> {
    const meta = await this.#pages.meta(partitionState)
    return isAbsent(meta.version)
      ? undefined
      : { version: meta.version, pages: this.#pages.of(partitionState, meta) }
  }

  async tracked(partitionState: StateKey): Promise<Tracked | undefined> {
    const { version } = await this.#pages.meta(partitionState)
    if (isAbsent(version)) return undefined
    const since = await this.#client.run(redis => redis.hget(changesKeyOf(partitionState), 'since'))
    // While a run has not ended, the field contains the name of the run instead of a time.
    return { version, since: since === null || Number.isNaN(Number(since)) ? undefined : Number(since) }
  }

  read(partitionState: StateKey, { since }: Tracked, scope: 'whole' | 'changes'): Reading {
    return new RedisReading(this.#client, partitionState, since, scope)
  }

  async replace(partitionState: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement> {
    try {
      await replaceState(new RedisReplaceableStates(this.#client), partitionState, pages, base)
      return 'replaced'
    } catch (error) {
      if (!(error instanceof CopyStopped)) throw error
      if (error.why === 'overtaken' || error.why === 'moved') return error.why
      throw new Unavailable('store-unavailable', 'Redis lost a part of the prepared state: try again')
    }
  }
}
