/**
 * Simulated telemetry of all three families. It is deterministic: the same (seed, sensor, tick) gives the same reading with
 * the same id, so a repeated run publishes nothing new. It depends on neither chance, the clock nor earlier calls.
 */
import { FAMILIES, type FamilyName, type ReadingData } from './families.ts'
import { type KeyedEvent, keyOf, reading } from './reading.ts'
import { anomalyOf, disturb } from './simulator/anomalies.ts'
import { observeDatabase } from './simulator/database-load.ts'
import { FLEET, type Sensor } from './simulator/fleet.ts'
import type { Moment, Observation } from './simulator/moment.ts'
import { observeMotion } from './simulator/motion.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from './simulator/settings.ts'
import { observeWeather } from './simulator/weather.ts'

/**
 * The readings of every sensor, ordered by time.
 *
 * @param fromTick the first tick, counted from the epoch in steps of `settings.tickSeconds`
 * @param untilTick the tick after the last one
 */
export function* simulate(
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): Generator<KeyedEvent> {
  for (let tick = fromTick; tick < untilTick; tick++) {
    for (const sensor of FLEET) yield simulated(settings, sensor, tick)
  }
}

/** The reading of one sensor at one tick. */
export function simulated(settings: GeneratorSettings, sensor: Sensor, tick: number): KeyedEvent {
  const moment = { seed: settings.seed, tick, timeMs: tick * settings.tickSeconds * 1000 }
  const family = FAMILIES[sensor.family]
  const data = measured(sensor, moment, settings.anomalyRate)
  const id = `sim-${settings.seed}-${sensor.id}-${tick}`
  return {
    key: keyOf(family, data, settings.keyStrategy[sensor.family]),
    event: reading(family, id, new Date(moment.timeMs).toISOString(), data),
  }
}

/** The paths of the fields that every simulated reading of a family has, such as `location.site`: each can be a record key. */
export function simulatedFields(family: FamilyName): readonly string[] {
  const sensor = FLEET.find(one => one.family === family)
  return sensor === undefined ? [] : paths(simulated(GENERATOR_DEFAULTS, sensor, 0).event.data)
}

function paths(data: unknown): string[] {
  return Object.entries(data as object).flatMap(([name, value]) =>
    typeof value === 'object' ? paths(value).map(below => `${name}.${below}`) : [name],
  )
}

function measured(sensor: Sensor, moment: Moment, anomalyRate: number): ReadingData {
  const normal = observe(sensor, moment)
  const anomaly = anomalyOf(sensor, moment, anomalyRate)
  const { metrics, fields } = anomaly === undefined ? normal : disturb(normal, anomaly, sensor, moment)
  const shown = Object.entries(metrics).map(([metric, value]) => [metric, displayed(metric, value)])
  return { ...fields, ...Object.fromEntries(shown) }
}

function observe(sensor: Sensor, moment: Moment): Observation {
  switch (sensor.family) {
    case 'environment':
      return observeWeather(sensor, moment)
    case 'database':
      return observeDatabase(sensor, moment)
    case 'device':
      return observeMotion(sensor, moment)
  }
}

/** Rounds a value as the sensor does: counts are whole, other values have two decimals. Adding 0 turns -0 into 0. */
function displayed(metric: string, value: number): number {
  return metric === 'activeConnections' ? Math.round(value) : Math.round(value * 100) / 100 + 0
}
