/** Simulated readings for an application's own producer, one at a time. */
import { newId } from '../../packages/runtime/adapters/system.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type FamilyName, familyOf, type ReadingData } from '../telemetry/families.ts'
import type { KeyStrategy } from '../telemetry/key.ts'
import { keyOf } from '../telemetry/reading.ts'
import type { Sensor } from '../telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../telemetry/simulator/settings.ts'
import { simulated } from '../telemetry/simulator.ts'

export interface SensorDataConfig extends Partial<Pick<GeneratorSettings, 'tickSeconds' | 'anomalyRate'>> {
  /** Readings of this family alone; by default of all three. */
  readonly family?: FamilyName
  /** Names the simulated world: the same seed and start give the same readings with the same ids. By default a new one. */
  readonly seed?: string
  /** The time of the first reading, milliseconds since the epoch. By default now. */
  readonly startMs?: number
}

/** Gives the readings of every sensor in turn, then those of the next tick. */
export class SensorDataGenerator {
  readonly #settings: GeneratorSettings
  readonly #sensors: readonly Sensor[]
  readonly #firstTick: number
  #count = 0

  constructor({ family, seed = newId(), startMs = Date.now(), ...settings }: SensorDataConfig = {}) {
    this.#settings = { ...GENERATOR_DEFAULTS, ...settings, seed }
    this.#sensors = GENERATOR_DEFAULTS.fleet.filter(
      sensor => family === undefined || sensor.family === family,
    )
    if (this.#sensors.length === 0)
      throw new RangeError(`there is no family "${family}": choose environment, database or device`)
    this.#firstTick = Math.floor(startMs / (this.#settings.tickSeconds * 1_000))
  }

  /** The next reading, as an event that every consumer of readings takes. */
  generate(): Event<ReadingData> {
    const tick = this.#firstTick + Math.floor(this.#count / this.#sensors.length)
    const sensor = this.#sensors[this.#count % this.#sensors.length] as Sensor
    this.#count++
    return simulated(this.#settings, sensor, tick).event as Event<ReadingData>
  }
}

/**
 * The record key of a reading, for the `key` of a producer: an entity stays in one partition. Other events are keyed by their
 * subject.
 *
 * @param strategy by default that of the reading's family
 */
export function readingKey({ type, subject, data }: Event, strategy?: KeyStrategy): string | null {
  const family = familyOf(type)
  return family ? keyOf(family, data as ReadingData, strategy) : (subject ?? null)
}
