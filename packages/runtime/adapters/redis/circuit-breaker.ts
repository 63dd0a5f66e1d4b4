import type { CircuitBreaker } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { lua, script } from './scripts.ts'

const OPEN_BREAKER = script(lua('open-breaker'))

/** Circuit breakers of the consumers of an environment, one key per consumer. */
export class RedisCircuitBreaker implements CircuitBreaker {
  readonly #client: RedisClient
  readonly #env: string

  constructor(client: RedisClient, env: string) {
    this.#client = client
    this.#env = env
  }

  async open(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'reset'> {
    const since = String(await this.#client.eval(OPEN_BREAKER, [this.#keyOf(consumer)], [codeVersion, nowMs]))
    return since === 'reset' ? since : Number(since)
  }

  /** Returns the code version for which the breaker last opened, for display; undefined if it never opened. */
  async look(consumer: string): Promise<{ version: string; since: number | 'reset' } | undefined> {
    const { version, since } = await this.#client.run(redis => redis.hgetall(this.#keyOf(consumer)))
    if (version === undefined || since === undefined) return undefined
    return { version, since: since === 'reset' ? since : Number(since) }
  }

  /**
   * Resets the breaker for an operator. Deferred records are then processed, and a failure record is sent for each that fails.
   * Returns false if the breaker is not open.
   */
  async reset(consumer: string): Promise<boolean> {
    const since = await this.#client.run(redis => redis.hget(this.#keyOf(consumer), 'since'))
    if (since === null || since === 'reset') return false
    await this.#client.run(redis => redis.hset(this.#keyOf(consumer), 'since', 'reset'))
    return true
  }

  #keyOf(consumer: string): string {
    return `breaker:${this.#env}:${consumer}`
  }
}
