/** Readings of the smoke test, which fire alert rules that ship. */
import type { ReadingData } from '../families.ts'
import { DEFAULT_FAMILY } from './fleet.ts'

/** Values that do not fire any shipped rule. */
const USUAL = { temperature: 20, humidity: 50, windSpeed: 10, pressure: 1013 } as const

/** Measured values of the readings. Each value that fires an alert is surrounded by normal ones. */
const MEASURED: readonly Readonly<Record<string, number>>[] = [
  ...repeatUsual(3),
  { temperature: 43.5 },
  ...repeatUsual(4),
  { humidity: 11 },
  ...repeatUsual(4),
  { windSpeed: 78 },
  ...repeatUsual(3),
  { pressure: 962 },
  ...repeatUsual(2),
]

export const SMOKE_FAMILY = DEFAULT_FAMILY
/** Metric that is in every reading of the smoke test. */
export const SMOKE_METRIC = 'temperature' satisfies keyof typeof USUAL
/** Shipped alert rules that the readings fire. */
export const SMOKE_RULES = ['HIGH_TEMP', 'LOW_HUMIDITY', 'HIGH_WIND', 'LOW_PRESSURE'] as const

/** Returns the data of the readings of one sensor, in order. */
export function listSmokeData(sensorId: string): readonly ReadingData[] {
  const location = { site: 'smoke', latitude: 0, longitude: 0 }
  return MEASURED.map(measured => ({ sensorId, ...USUAL, ...measured, location }))
}

function repeatUsual(count: number): Readonly<Record<string, number>>[] {
  return Array.from({ length: count }, () => ({}))
}
