import type { FloodGate } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { HOLD_FLOOD } from './scripts.ts'

/** The flood gates of all consumers, one key each. */
export class RedisFloodGate implements FloodGate {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async hold(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'released'> {
    const since = String(await this.#client.eval(HOLD_FLOOD, [keyOf(consumer)], [codeVersion, nowMs]))
    return since === 'released' ? since : Number(since)
  }

  /** For an operator: which version of the code the gate was last closed for; undefined where it never was. */
  async look(consumer: string): Promise<{ version: string; since: number | 'released' } | undefined> {
    const { version, since } = await this.#client.run(redis => redis.hgetall(keyOf(consumer)))
    if (version === undefined || since === undefined) return undefined
    return { version, since: since === 'released' ? since : Number(since) }
  }

  /** For an operator: what waits goes out as failures. False where the gate is not closed. */
  async release(consumer: string): Promise<boolean> {
    const since = await this.#client.run(redis => redis.hget(keyOf(consumer), 'since'))
    if (since === null || since === 'released') return false
    await this.#client.run(redis => redis.hset(keyOf(consumer), 'since', 'released'))
    return true
  }
}

function keyOf(consumer: string): string {
  return `flood:${consumer}`
}
