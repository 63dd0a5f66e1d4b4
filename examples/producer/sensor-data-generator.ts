/** Generates simulated readings one at a time, for applications that have their own Kafka producer. */

import { randomUUID } from 'node:crypto'
import type { CloudEvent } from 'cloudevents'
import type { Event } from '#runtime/consumer'
import type { Families, ReadingData } from '../../lib/telemetry/families.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import { computeRecordKey } from '../../lib/telemetry/reading.ts'
import { createDefaultFleet, type Sensor } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { simulateReading } from '../../lib/telemetry/simulator/simulate.ts'

export interface SensorDataConfig extends Partial<Pick<GeneratorSettings, 'tickSeconds' | 'anomalyRate'>> {
  /** Family of the readings; all families by default. */
  readonly family?: string
  /** Seed of the simulation; random by default. The same seed and start time produce the same readings with the same ids. */
  readonly seed?: string
  /** Time of the first reading, in milliseconds since the epoch; by default the current time. */
  readonly startMs?: number
}

/** Generator of simulated readings. For each tick, it returns one reading per sensor. */
export class SensorDataGenerator {
  readonly #families: Families
  readonly #settings: GeneratorSettings
  readonly #sensors: readonly Sensor[]
  readonly #firstTick: number
  #count = 0

  /** @param families families of the project */
  constructor(
    families: Families,
    { family, seed = randomUUID(), startMs = Date.now(), ...settings }: SensorDataConfig = {},
  ) {
    const fleet = createDefaultFleet(families)
    this.#families = families
    this.#settings = { ...GENERATOR_DEFAULTS, ...settings, fleet, seed }
    this.#sensors = fleet.filter(sensor => family === undefined || sensor.family === family)
    if (this.#sensors.length === 0)
      throw new RangeError(`there is no family "${family}": choose environment, database or device`)
    this.#firstTick = Math.floor(startMs / (this.#settings.tickSeconds * 1_000))
  }

  /** Returns the next reading as an event. */
  generate(): CloudEvent<ReadingData> {
    const tick = this.#firstTick + Math.floor(this.#count / this.#sensors.length)
    const sensor = this.#sensors[this.#count % this.#sensors.length] as Sensor
    this.#count++
    return simulateReading(this.#families, this.#settings, sensor, tick).event
  }
}

/**
 * Returns the Kafka record key of an event. The key of a reading assigns all readings of an entity to the same partition. Other
 * events have their subject as the key.
 *
 * @param strategy key strategy of readings; defaults to the strategy of the family
 */
export function readingKey(families: Families, event: Event, strategy?: KeyStrategy): string | null {
  const family = families.findByType(event.type)
  return family
    ? computeRecordKey(family, event.data as ReadingData, strategy, event)
    : (event.subject ?? null)
}
