/** Recorded streams of events in the JSON event format, in the order of arrival. */

import { FAMILIES, type FamilyName, type ReadingData } from '../../lib/telemetry/families.ts'
import { reading } from '../../lib/telemetry/reading.ts'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

type JsonEvent = Record<string, unknown>

/**
 * Returns a function that creates the events of a stream. Event ids are numbered, so that two equal readings at the same time have
 * different ids.
 */
function recorder(stream: string, family: FamilyName) {
  let count = 0
  return (timeMs: number, data: ReadingData): JsonEvent => {
    count++
    return toJsonEvent(reading(FAMILIES[family], derivedId('recorded', stream, count), iso(timeMs), data))
  }
}

/**
 * Three sensors in a city on two hot days, with a reading every half hour. `roof-1` exceeds 40 °C on both days, `roof-2` only on
 * the second, hotter day, and `yard-1` never. Twice, a sensor has two readings with the same time. Two readings arrive in reverse
 * order. One reading of 45 °C arrives late, in the cool evening, and must not fire an alert.
 */
export function heatwave(): JsonEvent[] {
  const record = recorder('heatwave', 'environment')
  const start = Date.parse('2025-07-01T00:00:00Z')
  const location = { site: 'vienna', latitude: 48.21, longitude: 16.37 }
  const read = (sensorId: string, timeMs: number, temperature: number) =>
    record(timeMs, {
      sensorId,
      temperature,
      humidity: rounded(70 - 1.2 * (temperature - 15)),
      pressure: rounded(1014 - temperature / 20),
      windSpeed: rounded(9 + 3 * wave(timeMs - start, 7 * HOUR)),
      location,
      status: 'ok',
    })
  const sensors = [
    { id: 'roof-1', mean: 31, amplitude: 11.5 },
    { id: 'roof-2', mean: 29, amplitude: 10 },
    { id: 'yard-1', mean: 26, amplitude: 8 },
  ]
  const events = Array.from({ length: 96 }, (_, step) => {
    const timeMs = start + step * 30 * MINUTE
    const hotter = step < 48 ? 0 : 2
    // The maximum is at 15:00.
    const warmth = wave(timeMs - start - 9 * HOUR, 24 * HOUR)
    const round = sensors.map(({ id, mean, amplitude }) =>
      read(id, timeMs, rounded(mean + hotter + amplitude * warmth)),
    )
    if (step === 20 || step === 30) round.push(read('roof-1', timeMs, rounded(31.4 + 11.5 * warmth)))
    if (step === 44) round.push(read('roof-1', start + 14 * HOUR + 10 * MINUTE, 45))
    return round
  }).flat()
  return swapped(events, 100, 103)
}

/**
 * Two database instances of one shop, with a reading every five minutes for twelve hours. `orders-1` exceeds 80 % CPU in the
 * morning and in the evening. `orders-2` is its replica: it has a replication lag, and stays below 80 %. One reading is sent twice.
 */
export function databaseLoad(): JsonEvent[] {
  const record = recorder('database-load', 'database')
  const start = Date.parse('2025-07-02T06:00:00Z')
  const read = (instanceId: string, timeMs: number, load: number) =>
    record(timeMs, {
      databaseType: 'postgres',
      instanceId,
      tenant: 'shop',
      cpuUsagePercent: rounded(load),
      memoryUsagePercent: rounded(55 + load / 5),
      activeConnections: Math.round(load * 2),
      queryLatencyMs: rounded(3 + load / 10),
      ...(instanceId === 'orders-2' ? { replicationLagSeconds: rounded(load / 40) } : {}),
    })
  return Array.from({ length: 144 }, (_, step) => {
    const timeMs = start + step * 5 * MINUTE
    // The maxima are at 09:00 and at 15:00.
    const load = 60 + 28 * wave(timeMs - start - 1.5 * HOUR, 6 * HOUR)
    const round = [read('orders-1', timeMs, load), read('orders-2', timeMs, load * 0.7)]
    return step === 70 ? [...round, round[0] as JsonEvent] : round
  }).flat()
}

/** Two wristbands with a reading every second for two minutes: one minute of rest, one minute of walking. */
export function deviceWalk(): JsonEvent[] {
  const record = recorder('device-walk', 'device')
  const start = Date.parse('2025-07-03T08:00:00Z')
  return Array.from({ length: 120 }, (_, step) => {
    const timeMs = start + step * SECOND
    const walks = step >= 60
    const swing = walks ? wave(step * SECOND, 1.1 * SECOND) : 0
    return ['wrist-1', 'wrist-2'].map(deviceId =>
      record(timeMs, {
        deviceId,
        model: 'band-3',
        x: rounded(0.2 + 2.5 * swing),
        y: rounded(-0.1 + 1.2 * swing),
        z: rounded(9.8 + 1.8 * swing),
        activity: walks ? 'walking' : 'resting',
      }),
    )
  }).flat()
}

/** Returns the value of a sine wave, from -1 to 1. The value is rounded, because platforms differ in the last digits. */
function wave(ms: number, periodMs: number): number {
  return Math.sin((2 * Math.PI * ms) / periodMs)
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function swapped<T>(items: readonly T[], a: number, b: number): T[] {
  return items.map((item, index) => (index === a ? items[b] : index === b ? items[a] : item) as T)
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
