import type { StateKey } from '../../pipeline/model.ts'
import type { Cursors } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { cursorKeyOf } from './keys.ts'
import { MOVE_CURSOR } from './scripts.ts'

/** The cursors of forwarders, one key for each partition. */
export class RedisForwardCursors implements Cursors {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async read(stateKey: StateKey): Promise<number | undefined> {
    const value = await this.#client.run(redis => redis.get(cursorKeyOf(stateKey)))
    return value === null ? undefined : Number(value)
  }

  async advance(stateKey: StateKey, from: number | undefined, to: number): Promise<'advanced' | 'refused'> {
    const moved = await this.#client.eval(MOVE_CURSOR, [cursorKeyOf(stateKey)], [from ?? '', to])
    return Number(moved) === 1 ? 'advanced' : 'refused'
  }
}
