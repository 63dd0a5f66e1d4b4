import { randomUUID } from 'node:crypto'
import { Unavailable } from '../../pipeline/errors.ts'
import type { StateKey, Version } from '../../pipeline/model.ts'
import {
  type CheckpointPages,
  isAbsent,
  PartitionMoved,
  type PartitionStates,
  type Replacement,
  type TakenState,
} from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { keysOf, plainOf, prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { RestoreRefused, replaceState } from './staging.ts'
import { StatePages } from './state-pages.ts'
import { HOLD_STILL, REMOVE_STATE } from './still-scripts.ts'

/** What the server says if it has no room for a copy, if the user may not make one, or if it is too old. */
const NO_COPY = /\b(OOM|NOPERM|ACL failure|unknown command|Unknown Redis command|can't run this command)\b/i

/** Partition states in Redis, read and replaced page by page. */
export class RedisPartitionStates implements PartitionStates {
  readonly #client: RedisClient
  readonly #live: StatePages
  readonly #still: StatePages

  constructor(client: RedisClient) {
    this.#client = client
    this.#live = new StatePages(client)
    this.#still = new StatePages(client, 'still')
  }

  async take(partitionState: StateKey): Promise<TakenState | undefined> {
    const meta = await this.#live.meta(partitionState)
    return isAbsent(meta.version)
      ? undefined
      : { version: meta.version, pages: this.#live.of(partitionState, meta) }
  }

  async holdStill(partitionState: StateKey): Promise<TakenState | undefined> {
    const token = randomUUID()
    const keys = [prefixOf(partitionState), prefixOf(partitionState, 'still')]
    try {
      await this.#client.eval(HOLD_STILL, keys, [packed({ plain: plainOf(partitionState), token })])
    } catch (error) {
      if (error instanceof Error && NO_COPY.test(error.message)) return undefined
      throw error
    }
    const meta = await this.#still.meta(partitionState)
    if (isAbsent(meta.version)) return undefined
    const pages = this.#still.of(partitionState, meta)
    return { version: meta.version, pages: this.#unlessReplaced(partitionState, token, pages) }
  }

  async letGo(partitionState: StateKey): Promise<void> {
    const keys = [prefixOf(partitionState, 'still')]
    await this.#client.eval(REMOVE_STATE, keys, [packed({ plain: plainOf(partitionState) })])
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

  /** Another run may have made a copy in the place of this one. */
  async *#unlessReplaced(partitionState: StateKey, token: string, pages: CheckpointPages): CheckpointPages {
    yield* pages
    const { meta } = keysOf(partitionState, 'still')
    if ((await this.#client.run(redis => redis.hget(meta, 'token'))) !== token)
      throw new PartitionMoved('another run has copied the partition state meanwhile')
  }
}
