import type { RedisClient } from './client.ts'

/** A value that a scheduled function keeps between runs, as JSON. */
export class RedisValue<T> {
  readonly #client: RedisClient
  readonly #key: string

  constructor(client: RedisClient, name: string) {
    this.#client = client
    this.#key = `{${name}}:value`
  }

  /** Undefined if nothing was written or Redis has lost it. */
  async read(): Promise<T | undefined> {
    const json = await this.#client.run(redis => redis.get(this.#key))
    return json === null ? undefined : (JSON.parse(json) as T)
  }

  async write(value: T): Promise<void> {
    await this.#client.run(redis => redis.set(this.#key, JSON.stringify(value)))
  }
}
