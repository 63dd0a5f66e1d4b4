/**
 * Simulates telemetry of the families that have a model. The simulation is deterministic: the same seed, sensor and tick always result in the same
 * reading with the same id. A repeated run therefore publishes nothing new. The simulation does not use random numbers, the clock
 * or results of earlier calls.
 */
import { CloudEvent } from 'cloudevents'
import type { Families, ReadingData } from '../families.ts'
import { computeRecordKey } from '../reading.ts'
import { disturb, findAnomaly } from './anomalies.ts'
import { observeDatabase } from './database-load.ts'
import type { Sensor } from './fleet.ts'
import { observeMotion } from './motion.ts'
import { type GeneratorSettings, timeOfTick } from './settings.ts'
import type { Moment } from './simulated-time.ts'
import { observeWeather } from './weather.ts'

/** Reading to be published: its event, and the record key that determines the partition. */
export interface KeyedEvent {
  readonly key: string | null
  readonly event: CloudEvent<ReadingData>
}

/**
 * Yields the readings of all sensors, in the order in which they are sent.
 *
 * @param fromTick first tick, counted from the epoch in steps of `settings.tickSeconds`
 * @param untilTick tick after the last one
 */
export function* simulate(
  families: Families,
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): Generator<KeyedEvent> {
  for (let tick = fromTick; tick < untilTick; tick++) {
    for (const sensor of settings.fleet) yield simulateReading(families, settings, sensor, tick)
  }
}

/**
 * Returns the reading of one sensor at one tick.
 *
 * @param timeMs time of the reading, in milliseconds since the epoch
 */
export function simulateReading(
  families: Families,
  settings: GeneratorSettings,
  sensor: Sensor,
  tick: number,
  timeMs: number = timeOfTick(settings, tick),
): KeyedEvent {
  const family = families.get(sensor.family)
  const data = simulateData(settings, sensor, { seed: settings.seed, tick, timeMs })
  const id = `sim-${settings.seed}-${sensor.id}-${tick}`
  const { source = family.source(data), dataschema = family.dataschema } = settings
  const attributes = {
    id,
    source,
    type: family.type,
    subject: family.subject(data),
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    dataschema,
    data,
  }
  // The package does not check the event, because the producer checks it.
  const event = new CloudEvent(attributes, false)
  return { key: computeRecordKey(family, data, settings.keyBy), event }
}

/** Returns the data of a reading, as reported by the sensor. */
function simulateData(settings: GeneratorSettings, sensor: Sensor, moment: Moment): ReadingData {
  const anomaly = findAnomaly(sensor, moment, settings.anomalyRate)
  const normal = OBSERVERS[sensor.family](sensor as never, moment)
  const observed = anomaly === undefined ? normal : disturb(normal, anomaly, sensor, moment)
  const data: Record<string, unknown> = { ...observed.fields }
  for (const [metric, value] of Object.entries(observed.metrics))
    if (sensor.metrics?.includes(metric) ?? true) data[metric] = roundMetric(metric, value)
  return data as ReadingData
}

const OBSERVERS = { environment: observeWeather, database: observeDatabase, device: observeMotion } as const

/** Rounds a value as the sensor does. Counts are integers, and other values have two decimals. Adding 0 turns -0 into 0. */
function roundMetric(metric: string, value: number): number {
  return metric === 'activeConnections' ? Math.round(value) : Math.round(value * 100) / 100 + 0
}
