import type { RedisClient } from './client.ts'
import { COMPARE_AND_SET } from './scripts.ts'

/** Maximum number of attempts to update a value. An attempt fails if another client has changed the value. */
const MAX_ATTEMPTS = 20

/** A value that a scheduled function or a command stores between runs, as JSON. */
export class RedisValue<T> {
  readonly #client: RedisClient
  readonly #key: string

  constructor(client: RedisClient, name: string) {
    this.#client = client
    this.#key = `{${name}}:value`
  }

  /** Returns the value; undefined if nothing was written or Redis has lost it. */
  async read(): Promise<T | undefined> {
    const json = await this.#client.run(redis => redis.get(this.#key))
    return json === null ? undefined : (JSON.parse(json) as T)
  }

  async write(value: T): Promise<void> {
    await this.#client.run(redis => redis.set(this.#key, JSON.stringify(value)))
  }

  /** Writes the changed value. If another client has written in the meantime, the change is applied again. */
  async update(change: (value: T | undefined) => T): Promise<T> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const before = await this.#client.run(redis => redis.get(this.#key))
      const next = change(before === null ? undefined : (JSON.parse(before) as T))
      const written = await this.#client.eval(
        COMPARE_AND_SET,
        [this.#key],
        [before ?? '', JSON.stringify(next)],
      )
      if (Number(written) === 1) return next
    }
    throw new Error(
      `${this.#key} was changed concurrently in each of ${MAX_ATTEMPTS} attempts to update it: try again`,
    )
  }
}
