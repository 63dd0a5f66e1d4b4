/** Takes samples of the consumers' counters and circuit breakers. */

import { topicName } from '../../../lib/app/topics.ts'
import { NOTIFIER } from '../../../lib/notification/firing-alerts.ts'
import type { Outcomes } from '../../../lib/queries/outcomes.ts'
import { outcomesOf } from '../../../lib/queries/outcomes.ts'
import { firingNow } from '../../../lib/tables/firing-alerts.ts'
import { ENTITIES } from '../../../lib/tables/statistics.ts'
import { partitionsOf } from '../../../lib/tables/table.ts'
import { RedisCircuitBreaker } from '../../../packages/runtime/adapters/redis/circuit-breaker.ts'
import { OPEN_MS } from '../../../packages/runtime/pipeline/failures/failure-surge.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import type { KafkaLook } from './kafka-look.ts'

export interface RedisLook {
  readonly outcomes: Outcomes
  /** Number of firing alerts. */
  readonly firing: number
  /** Functions whose circuit breaker is open. */
  readonly broken: readonly string[]
}

export class RedisLooks {
  readonly #environment: ConsoleEnvironment
  readonly #firing: FiringCount

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#firing = new FiringCount(async () => {
      const inspection = await environment.inspection()
      return (await firingNow(inspection, await environment.topicSize('alerts'))).length
    })
  }

  /**
   * Takes a sample.
   *
   * @param partitions number of partitions of the readings topic
   * @param lags lags of all consumers; undefined if unknown
   * @throws Unavailable if Redis does not respond
   */
  async look(
    nowMs: number,
    partitions: number | undefined,
    lags: KafkaLook['lags'] | undefined,
  ): Promise<RedisLook> {
    const inspection = await this.#environment.inspection()
    const size = await this.#environment.topicSize('readings')
    const readings = { ...size, partitions: partitions ?? size.partitions }
    const [outcomes, firing, broken] = await Promise.all([
      outcomesOf(inspection, partitionsOf(ENTITIES.process.name, readings)),
      this.#firing.at(nowMs, appliedAlerts(lags, topicName('alerts', this.#environment.config.env))),
      this.#broken(nowMs),
    ])
    return { outcomes, firing, broken }
  }

  async #broken(nowMs: number): Promise<string[]> {
    const breaker = new RedisCircuitBreaker(await this.#environment.redis(), this.#environment.config.env)
    const names = [...new Set(this.#environment.consumers.map(consumer => consumer.function))]
    const open = await Promise.all(
      names.map(async name => {
        const openedAtMs = await breaker.openedAt(name)
        return openedAtMs !== undefined && nowMs - openedAtMs < OPEN_MS ? [name] : []
      }),
    )
    return open.flat()
  }
}

/** Returns the position up to which `notifier` has applied the alerts; undefined if unknown. */
function appliedAlerts(lags: KafkaLook['lags'] | undefined, topic: string): string | undefined {
  const lag = lags?.find(one => one.function === NOTIFIER && one.topic === topic)
  return lag?.partitions.map(({ next }) => next).join()
}

/** Maximum age of the cached number of firing alerts while the position of the view does not change, in milliseconds. */
const EVERY_MS = 10_000

export class FiringCount {
  readonly #count: () => Promise<number>
  #known = 0
  #applied: string | undefined
  #atMs = Number.NEGATIVE_INFINITY

  constructor(count: () => Promise<number>) {
    this.#count = count
  }

  /**
   * Returns the number of firing alerts. They are counted again only if the number may have changed.
   *
   * @param applied position of `notifier`; undefined if unknown
   * @throws the errors of the function that counts
   */
  async at(nowMs: number, applied: string | undefined): Promise<number> {
    const hasChanged = applied !== undefined && applied !== this.#applied
    if (!hasChanged && nowMs - this.#atMs < EVERY_MS) return this.#known
    this.#known = await this.#count()
    this.#applied = applied
    this.#atMs = nowMs
    return this.#known
  }
}
