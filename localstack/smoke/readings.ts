import { randomUUID } from 'node:crypto'
import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { toOutgoingRecord } from '#runtime/cloudevents/index.ts'
import { type Event, formatEntity } from '#runtime/consumer/index.ts'
import { topicSize } from '../../lib/app/topics.ts'
import { entityStatistics } from '../../lib/tables/entity-statistics.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { computeRecordKey, createReading } from '../../lib/telemetry/reading.ts'

/** Measured values of the readings. Each value that fires an alert is surrounded by normal ones. */
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

/** Shipped alert rules that these readings fire. */
export const EXPECTED_RULES = ['HIGH_TEMP', 'LOW_HUMIDITY', 'HIGH_WIND', 'LOW_PRESSURE'] as const

/** Readings of a new sensor. No other readings can affect the counts and alerts of this sensor. */
export class SmokeReadings {
  readonly sensor = `smoke-${randomUUID().slice(0, 8)}`
  readonly count = MEASURED.length
  readonly #readings: { readonly topic: string; readonly partitions: number }
  readonly #events: readonly Event[]
  readonly #key: string | null

  /** Creates the readings. @param nowMs time of the last reading plus one second, in epoch milliseconds */
  constructor(env: string, nowMs: number) {
    this.#readings = topicSize('readings', env)
    const location = { site: 'smoke', latitude: 0, longitude: 0 }
    const data = MEASURED.map(measured => ({ sensorId: this.sensor, ...USUAL, ...measured, location }))
    this.#key = computeRecordKey(FAMILIES.environment, data[0] ?? {})
    this.#events = data.map((one, index) => {
      const time = new Date(nowMs - (data.length - index) * 1000).toISOString()
      return createReading(FAMILIES.environment, `${this.sensor}-${index}`, time, one)
    })
  }

  get topic(): string {
    return this.#readings.topic
  }

  records() {
    return this.#events.map(event => toOutgoingRecord(this.topic, this.#key, event))
  }

  /** Returns the number of these readings that the processor has processed in all partitions. */
  async countProcessed(stateKeys: StateInspection): Promise<number> {
    const [first] = this.#events
    if (!first) return 0
    const seen = await entityStatistics(stateKeys, this.#readings, formatEntity(first))
    return seen?.metrics.temperature?.count ?? 0
  }
}

/** Values that do not fire any shipped rule. */
const USUAL = { temperature: 20, humidity: 50, windSpeed: 10, pressure: 1013 } as const

function usual(count: number): Readonly<Record<string, number>>[] {
  return Array.from({ length: count }, () => ({}))
}
