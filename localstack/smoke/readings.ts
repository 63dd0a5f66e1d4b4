import { randomUUID } from 'node:crypto'
import type { SlotInspection } from '../../lib/adapters/redis/inspection.ts'
import { producedRecord } from '../../lib/cloudevents/writer.ts'
import { type EntityStatistics, statistics, summarise } from '../../lib/domain/analytics/process.ts'
import { entityOf } from '../../lib/domain/event.ts'
import { FAMILIES } from '../../lib/domain/telemetry/families.ts'
import { reading } from '../../lib/domain/telemetry/reading.ts'
import { TOPICS, topicName } from '../../lib/domain/topics.ts'

/** Readings of a sensor that nobody else has, so that all that is counted of it came from here. */
export class SmokeReadings {
  readonly sensor = `smoke-${randomUUID().slice(0, 8)}`
  readonly topic: string
  readonly #events

  /** @param nowMs the last reading is of one second before */
  constructor(env: string, count: number, nowMs: number) {
    this.topic = topicName('readings', env)
    this.#events = Array.from({ length: count }, (_, index) => {
      const time = new Date(nowMs - (count - index) * 1000).toISOString()
      const location = { site: 'smoke', latitude: 0, longitude: 0 }
      const measured = { sensorId: this.sensor, temperature: 20, location }
      return reading(FAMILIES.environment, `${this.sensor}-${index}`, time, measured)
    })
  }

  records() {
    return this.#events.map(event => producedRecord(this.topic, this.sensor, event))
  }

  /** How many of them the processor has counted, wherever their key took them. */
  async arrived(slots: SlotInspection): Promise<number> {
    const [first] = this.#events
    if (!first) return 0
    const partitions = Array.from({ length: TOPICS.readings.partitions }, (_, partition) => partition)
    const states = await Promise.all(
      partitions.map(partition =>
        slots.state({ consumer: statistics.name, topic: this.topic, partition }, entityOf(first)),
      ),
    )
    const state = states.find(found => found !== undefined) as EntityStatistics | undefined
    return state === undefined ? 0 : (summarise(state).metrics.temperature?.count ?? 0)
  }
}
