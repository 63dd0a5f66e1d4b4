/** Redis check for the readiness of the process. */
import type { RedisClient } from '../packages/runtime/adapters/redis/client.ts'
import type { Metrics } from './metrics/metrics.ts'

const UP = 'sluice_runner_redis_up'
const UP_HELP = '1 if Redis responds, 0 if it does not, so that batches wait in Kafka.'

/** Time for which a result is reused for further requests, in milliseconds. */
const FRESH_MS = 2_000

export class RedisCheck {
  readonly #redis: () => Promise<Pick<RedisClient, 'run'>>
  readonly #metrics: Metrics
  #asking: Promise<string | undefined> | undefined
  #askedAtMs = 0

  constructor(redis: () => Promise<Pick<RedisClient, 'run'>>, metrics: Metrics) {
    this.#redis = redis
    this.#metrics = metrics
  }

  /** Returns the reason why Redis cannot be used; undefined if it responds within two seconds. Never rejects. */
  problem(): Promise<string | undefined> {
    if (this.#asking && performance.now() - this.#askedAtMs < FRESH_MS) return this.#asking
    this.#askedAtMs = performance.now()
    this.#asking = this.#ask()
    return this.#asking
  }

  async #ask(): Promise<string | undefined> {
    try {
      const client = await this.#redis()
      await client.run(redis => redis.ping())
      this.#metrics.set(UP, UP_HELP, {}, 1)
      return undefined
    } catch (error) {
      this.#metrics.set(UP, UP_HELP, {}, 0)
      return error instanceof Error ? error.message : String(error)
    }
  }
}
