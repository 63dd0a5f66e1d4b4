import type { FloodGate } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { HOLD_FLOOD } from './scripts.ts'

/** The flood gates of the consumers of one environment, a key each. */
export class RedisFloodGate implements FloodGate {
  readonly #client: RedisClient
  readonly #env: string

  constructor(client: RedisClient, env: string) {
    this.#client = client
    this.#env = env
  }

  async hold(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'released'> {
    const since = String(await this.#client.eval(HOLD_FLOOD, [this.#keyOf(consumer)], [codeVersion, nowMs]))
    return since === 'released' ? since : Number(since)
  }

  /** For an operator: which version of the code the gate was last closed for; undefined where it never was. */
  async look(consumer: string): Promise<{ version: string; since: number | 'released' } | undefined> {
    const { version, since } = await this.#client.run(redis => redis.hgetall(this.#keyOf(consumer)))
    if (version === undefined || since === undefined) return undefined
    return { version, since: since === 'released' ? since : Number(since) }
  }

  /** For an operator: what waits goes out as failures. False where the gate is not closed. */
  async release(consumer: string): Promise<boolean> {
    const since = await this.#client.run(redis => redis.hget(this.#keyOf(consumer), 'since'))
    if (since === null || since === 'released') return false
    await this.#client.run(redis => redis.hset(this.#keyOf(consumer), 'since', 'released'))
    return true
  }

  #keyOf(consumer: string): string {
    return `flood:${this.#env}:${consumer}`
  }
}
