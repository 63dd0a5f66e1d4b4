import type { RedisClient } from './client.ts'
import { ADVANCE_CURSOR } from './scripts.ts'

/** How far a scheduled function has come: a whole number that only grows. */
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

  /** Of two runs that overlap, the one that came further decides. */
  async advance(to: number): Promise<void> {
    await this.#client.eval(ADVANCE_CURSOR, [this.#key], [to])
  }
}
