/**
 * Simulates telemetry of all families. The simulation is deterministic: the same seed, sensor and tick always result in the same
 * reading with the same id. A repeated run therefore publishes nothing new. The simulation does not use random numbers, the clock
 * or results of earlier calls.
 */
import { FAMILIES, type FamilyName, type ReadingData } from './families.ts'
import { type KeyedEvent, keyOf, reading } from './reading.ts'
import { anomalyOf, disturb } from './simulator/anomalies.ts'
import { observeDatabase } from './simulator/database-load.ts'
import { delayedUntil, delayOf, FAULTS, type FaultName, faultAt, withFault } from './simulator/faults.ts'
import type { Sensor } from './simulator/fleet.ts'
import { DAY_MS, type Moment, type Observation } from './simulator/moment.ts'
import { observeMotion } from './simulator/motion.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings, timeOfTick } from './simulator/settings.ts'
import { observeWeather } from './simulator/weather.ts'

/**
 * Yields the readings of all sensors, in the order in which they are sent.
 *
 * @param fromTick first tick, counted from the epoch in steps of `settings.tickSeconds`
 * @param untilTick tick after the last one
 */
export function* simulate(
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): Generator<KeyedEvent> {
  for (let tick = fromTick; tick < untilTick; tick++) {
    for (const sensor of settings.fleet) yield* sentAt(settings, sensor, tick)
  }
}

/**
 * Yields the readings that a sensor sends at a tick. These are the reading of the tick, unless a transport fault loses or delays
 * it, and earlier readings that were delayed until this tick.
 */
function* sentAt(settings: GeneratorSettings, sensor: Sensor, tick: number): Generator<KeyedEvent> {
  const { faults, seed } = settings
  if (faults === undefined) return yield simulated(settings, sensor, tick)
  const at = { seed, tick }
  const has = (name: FaultName) => faultAt(name, faults[name] ?? 0, sensor, at) !== undefined
  if (!has('dropout') && delayOf(faults, sensor, at) === 0) {
    yield simulated(settings, sensor, tick)
    if (has('duplicate')) yield simulated(settings, sensor, tick)
  }
  for (const past of delayedUntil(faults, sensor, at))
    if (!faultAt('dropout', faults.dropout ?? 0, sensor, { seed, tick: past }))
      yield simulated(settings, sensor, past)
}

/**
 * Returns the reading of one sensor at one tick.
 *
 * @param timeMs time of the reading, in milliseconds since the epoch
 */
export function simulated(
  settings: GeneratorSettings,
  sensor: Sensor,
  tick: number,
  timeMs: number = timeOfTick(settings, tick),
): KeyedEvent {
  const family = FAMILIES[sensor.family]
  const data = measured(settings, sensor, { seed: settings.seed, tick, timeMs })
  const id = `sim-${settings.seed}-${sensor.id}-${tick}`
  const event = reading(family, id, new Date(timeMs).toISOString(), data)
  const { source = event.source, dataschema = event.dataschema } = settings
  const key = keyOf(family, data, settings.keyStrategy[sensor.family])
  return { key, event: { ...event, source, ...(dataschema !== undefined && { dataschema }) } }
}

/**
 * Returns the paths of the fields that every simulated reading of a family has, such as `location.site`. Each of them can be used
 * as the record key.
 */
export function simulatedFields(family: FamilyName): readonly string[] {
  const sensor = GENERATOR_DEFAULTS.fleet.find(one => one.family === family)
  return sensor === undefined ? [] : paths(simulated(GENERATOR_DEFAULTS, sensor, 0).event.data)
}

function paths(data: unknown): string[] {
  return Object.entries(data as object).flatMap(([name, value]) =>
    typeof value === 'object' ? paths(value).map(below => `${name}.${below}`) : [name],
  )
}

/** Returns the data of a reading, as reported by the sensor. */
function measured(settings: GeneratorSettings, sensor: Sensor, moment: Moment): ReadingData {
  const anomaly = anomalyOf(sensor, moment, settings.anomalyRate)
  const normal = observe(sensor, moment)
  let observed = anomaly === undefined ? normal : disturb(normal, anomaly, sensor, moment)
  for (const [name, share] of Object.entries(settings.faults ?? {})) {
    if ('isTransport' in FAULTS[name as FaultName]) continue
    const fault = faultAt(name as FaultName, share, sensor, moment)
    if (fault === undefined) continue
    const start = { ...moment, tick: fault.start, timeMs: timeOfTick(settings, fault.start) }
    observed = withFault(observed, fault, sensor, moment, () => observe(sensor, start))
  }
  const data: Record<string, unknown> = { ...observed.fields }
  for (const [metric, value] of Object.entries(observed.metrics))
    if (sensor.metrics?.includes(metric) ?? true) data[metric] = displayed(metric, value)
  return data as ReadingData
}

/** Returns the values of a sensor without anomalies and faults. */
function observe(sensor: Sensor, moment: Moment): Observation {
  const { metrics, fields } = OBSERVERS[sensor.family](sensor as never, moment)
  if (sensor.trend === undefined) return { metrics, fields }
  const days = (moment.timeMs - TREND_FROM_MS) / DAY_MS
  const changed = Object.entries(sensor.trend).map(([metric, perDay]) => [
    metric,
    (metrics[metric] ?? 0) + perDay * days,
  ])
  return { metrics: { ...metrics, ...Object.fromEntries(changed) }, fields }
}

const TREND_FROM_MS = Date.UTC(2026, 0, 1)
const OBSERVERS = { environment: observeWeather, database: observeDatabase, device: observeMotion } as const

/** Rounds a value as the sensor does. Counts are integers, and other values have two decimals. Adding 0 turns -0 into 0. */
function displayed(metric: string, value: number): number {
  return metric === 'activeConnections' ? Math.round(value) : Math.round(value * 100) / 100 + 0
}
