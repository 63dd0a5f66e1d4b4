import { randomUUID } from 'node:crypto'
import { Unavailable } from '../../pipeline/errors.ts'
import type { StateKey, Version } from '../../pipeline/model.ts'
import {
  type CheckpointPages,
  type HeldState,
  isAbsent,
  type NotHeld,
  PartitionMoved,
  type PartitionStates,
  type Replacement,
  STALE_AFTER_MS,
  type TakenState,
} from '../../pipeline/recovery/checkpoints.ts'
import type { RedisClient } from './client.ts'
import { keysOf, plainOf, prefixOf } from './keys.ts'
import { packed } from './message-pack.ts'
import { RestoreRefused, replaceState } from './staging.ts'
import { StatePages } from './state-pages.ts'
import { HOLD_STILL, LET_GO } from './still-scripts.ts'

/** What the server says if its memory is full. */
const NO_ROOM = /\bOOM\b/
/** What it says if the user may not make a copy, or if it is too old. */
const NOT_ALLOWED = /\b(NOPERM|ACL failure|unknown command|Unknown Redis command|can't run this command)\b/i

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

  async holdStill(partitionState: StateKey, nowMs: number): Promise<HeldState | NotHeld> {
    const token = randomUUID()
    const letGo = () => this.#remove(partitionState, { token })
    const held = await this.#copied(partitionState, token, nowMs)
    if (held !== 'held') return held
    try {
      const meta = await this.#still.meta(partitionState)
      const pages = this.#unlessReplaced(partitionState, token, this.#still.of(partitionState, meta))
      return { version: meta.version, pages, letGo }
    } catch (error) {
      await letGo().catch(() => {})
      throw error
    }
  }

  removeStaleCopy(partitionState: StateKey, nowMs: number): Promise<void> {
    return this.#remove(partitionState, { madeBeforeMs: nowMs - STALE_AFTER_MS })
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

  async #copied(partitionState: StateKey, token: string, nowMs: number): Promise<'held' | NotHeld> {
    const keys = [prefixOf(partitionState), prefixOf(partitionState, 'still')]
    const request = { plain: plainOf(partitionState), token, nowMs, staleBeforeMs: nowMs - STALE_AFTER_MS }
    try {
      return String(await this.#client.eval(HOLD_STILL, keys, [packed(request)])) as 'held' | NotHeld
    } catch (error) {
      // The script may have got as far as its first copy.
      await this.#remove(partitionState, { token }).catch(() => {})
      const said = error instanceof Error ? error.message : ''
      if (NO_ROOM.test(said)) return 'no-room'
      if (NOT_ALLOWED.test(said)) return 'not-allowed'
      throw error
    }
  }

  async #remove(
    partitionState: StateKey,
    which: { readonly token: string } | { readonly madeBeforeMs: number },
  ): Promise<void> {
    const keys = [prefixOf(partitionState, 'still')]
    await this.#client.eval(LET_GO, keys, [packed({ plain: plainOf(partitionState), ...which })])
  }

  /** Another run may have replaced this copy by one of its own, because it was stale. */
  async *#unlessReplaced(partitionState: StateKey, token: string, pages: CheckpointPages): CheckpointPages {
    yield* pages
    const { meta } = keysOf(partitionState, 'still')
    if ((await this.#client.run(redis => redis.hget(meta, 'token'))) !== token)
      throw new PartitionMoved('another run has copied the partition state meanwhile')
  }
}
