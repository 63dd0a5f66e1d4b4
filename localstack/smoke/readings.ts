import { randomUUID } from 'node:crypto'
import { toOutgoingRecord } from '#runtime/cloudevents'
import { type Event, formatEntity } from '#runtime/consumer'
import type { StateInspection } from '#runtime/operating/states'
import type { Named, Vocabulary } from '../../lib/app/names.ts'
import { entityStatistics } from '../../lib/tables/entity-statistics.ts'
import { computeRecordKey, createReading } from '../../lib/telemetry/reading.ts'
import { listSmokeData, SMOKE_FAMILY, SMOKE_METRIC } from '../../lib/telemetry/simulator/smoke-readings.ts'

/** Readings of a new sensor. No other readings can affect the counts and alerts of this sensor. */
export class SmokeReadings {
  readonly sensor = `smoke-${randomUUID().slice(0, 8)}`
  readonly count: number
  readonly #readings: { readonly topic: string; readonly partitions: number }
  readonly #events: readonly Event[]
  readonly #key: string | null

  /** Creates the readings. @param nowMs time of the last reading plus one second, in epoch milliseconds */
  constructor({ env, families, names }: Named & Vocabulary, nowMs: number) {
    this.#readings = names.topicSize('readings', env)
    const family = families.get(SMOKE_FAMILY)
    const data = listSmokeData(this.sensor)
    this.count = data.length
    this.#key = computeRecordKey(family, data[0] ?? {})
    this.#events = data.map((values, index) => {
      const time = new Date(nowMs - (data.length - index) * 1000).toISOString()
      return createReading(family, `${this.sensor}-${index}`, time, values)
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
    return seen?.metrics[SMOKE_METRIC]?.count ?? 0
  }
}
