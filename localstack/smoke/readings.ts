import { randomUUID } from 'node:crypto'
import type { SlotInspection } from '../../lib/adapters/redis/inspection.ts'
import { producedRecord } from '../../lib/cloudevents/writer.ts'
import { type EntityStatistics, statistics, summarise } from '../../lib/domain/analytics/process.ts'
import { type Event, entityOf } from '../../lib/domain/event.ts'
import { FAMILIES } from '../../lib/domain/telemetry/families.ts'
import { keyOf, reading } from '../../lib/domain/telemetry/reading.ts'
import { TOPICS, topicName } from '../../lib/domain/topics.ts'

/** What each reading measures, besides the usual. Those that a rule fires at come in between, as they do in life. */
const MEASURED: readonly Readonly<Record<string, number>>[] = [
  ...usual(3),
  { temperature: 43.5 },
  ...usual(4),
  { humidity: 11 },
  ...usual(4),
  { windSpeed: 78 },
  ...usual(3),
  { pressure: 962 },
  ...usual(2),
]

/** The rules that ship and that fire at one of these readings. */
export const EXPECTED_RULES = ['HIGH_TEMP', 'LOW_HUMIDITY', 'HIGH_WIND', 'LOW_PRESSURE'] as const

/** Readings of a sensor of their own: every count and every alert about it was caused by them. */
export class SmokeReadings {
  readonly sensor = `smoke-${randomUUID().slice(0, 8)}`
  readonly topic: string
  readonly count = MEASURED.length
  readonly #events: readonly Event[]
  readonly #key: string | null

  /** @param nowMs the last reading is of one second before */
  constructor(env: string, nowMs: number) {
    this.topic = topicName('readings', env)
    const location = { site: 'smoke', latitude: 0, longitude: 0 }
    const data = MEASURED.map(measured => ({ sensorId: this.sensor, ...USUAL, ...measured, location }))
    this.#key = keyOf(FAMILIES.environment, data[0] ?? {})
    this.#events = data.map((one, index) => {
      const time = new Date(nowMs - (data.length - index) * 1000).toISOString()
      return reading(FAMILIES.environment, `${this.sensor}-${index}`, time, one)
    })
  }

  records() {
    return this.#events.map(event => producedRecord(this.topic, this.#key, event))
  }

  /** How many of them the processor has counted, wherever their key took them. */
  async processed(slots: SlotInspection): Promise<number> {
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

/** No rule that ships fires at these. */
const USUAL = { temperature: 20, humidity: 50, windSpeed: 10, pressure: 1013 } as const

function usual(count: number): Readonly<Record<string, number>>[] {
  return Array.from({ length: count }, () => ({}))
}
