import type { CircuitBreaker } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { lua, script } from './scripts.ts'

export const OPEN_BREAKER = script(lua('open-breaker'))

/** Circuit breakers of the consumers of an environment, one key per consumer. */
export class RedisCircuitBreaker implements CircuitBreaker {
  readonly #client: RedisClient
  readonly #env: string

  constructor(client: RedisClient, env: string) {
    this.#client = client
    this.#env = env
  }

  async open(consumer: string, codeVersion: string, nowMs: number): Promise<number> {
    return Number(await this.#client.eval(OPEN_BREAKER, [this.#toKey(consumer)], [codeVersion, nowMs]))
  }

  /** Returns the time at which the breaker last opened, in milliseconds since the epoch; undefined if it never opened. */
  async openedAt(consumer: string): Promise<number | undefined> {
    const since = await this.#client.run(redis => redis.hget(this.#toKey(consumer), 'since'))
    return since === null ? undefined : Number(since)
  }

  #toKey(consumer: string): string {
    return `breaker:${this.#env}:${consumer}`
  }
}
