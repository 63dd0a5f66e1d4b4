import type { RedisClient } from './client.ts'
import { lua, script } from './scripts.ts'

export const ADVANCE_CURSOR = script(lua('advance-cursor'))

/** Progress of a scheduled function: an integer that never decreases. */
export class RedisCursor {
  readonly #client: RedisClient
  readonly #key: string

  constructor(client: RedisClient, name: string) {
    this.#client = client
    this.#key = `{${name}}:cursor`
  }

  async read(): Promise<number | undefined> {
    const value = await this.#client.run(redis => redis.get(this.#key))
    return value === null ? undefined : Number(value)
  }

  /** Advances the cursor. If two runs overlap, the higher value wins. */
  async advance(to: number): Promise<void> {
    await this.#client.eval(ADVANCE_CURSOR, [this.#key], [to])
  }
}
