/** What consumers have made of their records, and which of them keep theirs in Kafka because their code fails. */
import { TOPICS, topicSize } from '../../../lib/app/topics.ts'
import { firingNow } from '../../../lib/queries/firing-alerts.ts'
import type { Outcomes } from '../../../lib/queries/outcomes.ts'
import { processorOutcomes } from '../../../lib/queries/statistics.ts'
import { RedisCircuitBreaker } from '../../../lib/runtime/adapters/redis/circuit-breaker.ts'
import { OPEN_MS } from '../../../lib/runtime/pipeline/failures/failure-surge.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

export interface RedisLook {
  readonly outcomes: Outcomes
  /** How many alerts fire. */
  readonly firing: number
  /** The consumers whose circuit breaker is open. */
  readonly broken: readonly string[]
}

/** It reads every alert that fires: where there are thousands, that is not done every two seconds. */
const FIRING_EVERY_MS = 10_000

export class RedisLooks {
  readonly #environment: ConsoleEnvironment
  #firing = 0
  #firingAtMs = Number.NEGATIVE_INFINITY

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /**
   * @param partitions of readings
   * @param hasNewAlerts whether the number of alerts that fire may have changed
   * @throws Unavailable if Redis does not answer
   */
  async look(nowMs: number, partitions: number | undefined, hasNewAlerts: boolean): Promise<RedisLook> {
    const inspection = await this.#environment.inspection()
    const readings = {
      topic: this.#environment.topic('readings'),
      partitions: partitions ?? TOPICS.readings.partitions,
    }
    const [outcomes, firing, broken] = await Promise.all([
      processorOutcomes(inspection, readings),
      this.#lookAtFiring(nowMs, hasNewAlerts),
      this.#broken(nowMs),
    ])
    return { outcomes, firing, broken }
  }

  async #lookAtFiring(nowMs: number, hasNewAlerts: boolean): Promise<number> {
    if (!hasNewAlerts && nowMs - this.#firingAtMs < FIRING_EVERY_MS) return this.#firing
    const inspection = await this.#environment.inspection()
    const { length } = await firingNow(inspection, topicSize('alerts', this.#environment.config.env))
    this.#firing = length
    this.#firingAtMs = nowMs
    return length
  }

  async #broken(nowMs: number): Promise<string[]> {
    const breaker = new RedisCircuitBreaker(await this.#environment.redis(), this.#environment.config.env)
    const names = [...new Set(this.#environment.consumers.map(consumer => consumer.function))]
    const open = await Promise.all(
      names.map(async name => {
        const state = await breaker.look(name)
        return typeof state?.since === 'number' && nowMs - state.since < OPEN_MS ? [name] : []
      }),
    )
    return open.flat()
  }
}
