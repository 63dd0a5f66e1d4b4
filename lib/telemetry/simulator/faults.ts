/**
 * Simulates faults of sensors, and faults in the transport of their readings. For each kind of fault, time is divided into windows.
 * The seed, the sensor, the kind and the window determine whether there is a fault in the window, and when it starts. Pure.
 */
import { FAMILIES, type FamilyName } from '../families.ts'
import type { Sensor } from './fleet.ts'
import type { Moment, Observation } from './moment.ts'
import { uniform } from './noise.ts'

interface FaultKind {
  /** Number of consecutive readings with the fault. If it is more than 1, a window has twice this number of ticks. */
  readonly ticks: number
  /** True for a transport fault, which affects the reading as a whole. */
  readonly isTransport?: true
}

export const FAULTS = {
  spike: { ticks: 1 },
  stuck: { ticks: 12 },
  'level-shift': { ticks: 24 },
  drift: { ticks: 24 },
  flapping: { ticks: 12 },
  dropout: { ticks: 12, isTransport: true },
  late: { ticks: 1, isTransport: true },
  duplicate: { ticks: 1, isTransport: true },
  'out-of-order': { ticks: 1, isTransport: true },
} as const satisfies Readonly<Record<string, FaultKind>>

export type FaultName = keyof typeof FAULTS

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[]

export interface Fault {
  readonly name: FaultName
  readonly window: number
  /** Tick at which the fault started. */
  readonly start: number
}

/**
 * Returns the maximum share of readings that can have the fault. A fault that lasts for several readings fills at most half of each
 * window.
 */
export function maxShare(name: FaultName): number {
  return FAULTS[name].ticks === 1 ? 1 : 0.5
}

/**
 * Returns the fault of this kind at a tick; undefined if none exists.
 *
 * @param share share of the sensor's readings that have the fault
 */
export function faultAt(
  name: FaultName,
  share: number,
  sensor: Sensor,
  { seed, tick }: Pick<Moment, 'seed' | 'tick'>,
): Fault | undefined {
  if (share <= 0) return undefined
  const { ticks } = FAULTS[name]
  const length = ticks === 1 ? 1 : 2 * ticks
  const window = Math.floor(tick / length)
  if (uniform(seed, sensor.id, name, window) >= share * (length / ticks)) return undefined
  const offset = Math.floor(uniform(seed, sensor.id, name, window, 'start') * (length - ticks + 1))
  const start = window * length + offset
  return tick >= start && tick < start + ticks ? { name, window, start } : undefined
}

/**
 * Size of a fault for each metric, in the unit of the metric. The size is chosen so that values are far outside their usual range.
 */
const SIZES: Readonly<Record<FamilyName, Readonly<Record<string, number>>>> = {
  environment: { temperature: 30, humidity: 45, pressure: 50, windSpeed: 70 },
  database: {
    cpuUsagePercent: 60,
    memoryUsagePercent: 50,
    activeConnections: 400,
    queryLatencyMs: 500,
    replicationLagSeconds: 120,
  },
  device: { x: 30, y: 30, z: 30 },
}

/**
 * Returns the observation with a fault applied. Most faults change one metric. A stuck sensor repeats the values of all metrics.
 *
 * @param atStart returns the observation at the tick at which the fault started
 */
export function withFault(
  observation: Observation,
  { name, window, start }: Fault,
  sensor: Sensor,
  { seed, tick }: Moment,
  atStart: () => Observation,
): Observation {
  if (name === 'stuck') return { ...observation, metrics: atStart().metrics }
  const metrics = sensor.metrics ?? Object.keys(observation.metrics)
  const draw = (what: string) => uniform(seed, sensor.id, name, window, what)
  const metric = metrics[Math.floor(draw('metric') * metrics.length)]
  const size = metric === undefined ? undefined : SIZES[sensor.family][metric]
  if (metric === undefined || size === undefined) return observation
  const sign = draw('sign') < 0.5 ? -1 : 1
  const share = { drift: (tick - start + 1) / FAULTS.drift.ticks, flapping: (tick - start + 1) % 2 }
  const value = (observation.metrics[metric] ?? 0) + sign * size * (share[name as keyof typeof share] ?? 1)
  const [least, most] = FAMILIES[sensor.family].bounds[metric] ?? [Number.NEGATIVE_INFINITY, Infinity]
  return { ...observation, metrics: { ...observation.metrics, [metric]: clamp(value, least, most) } }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

const MAX_DELAY_TICKS = 12

/** Returns the number of ticks by which a reading is delayed; 0 if it is sent immediately. */
export function delayOf(
  faults: Readonly<Partial<Record<FaultName, number>>>,
  sensor: Sensor,
  moment: Pick<Moment, 'seed' | 'tick'>,
): number {
  if (faultAt('late', faults.late ?? 0, sensor, moment))
    return 2 + Math.floor(uniform(moment.seed, sensor.id, 'delay', moment.tick) * (MAX_DELAY_TICKS - 1))
  return faultAt('out-of-order', faults['out-of-order'] ?? 0, sensor, moment) ? 1 : 0
}

/** Returns the earlier ticks whose delayed readings are sent at this tick, oldest first. */
export function delayedUntil(
  faults: Readonly<Partial<Record<FaultName, number>>>,
  sensor: Sensor,
  { seed, tick }: Pick<Moment, 'seed' | 'tick'>,
): readonly number[] {
  if (!faults.late && !faults['out-of-order']) return []
  const earlier = Array.from({ length: MAX_DELAY_TICKS }, (_, index) => tick - MAX_DELAY_TICKS + index)
  return earlier.filter(past => delayOf(faults, sensor, { seed, tick: past }) === tick - past)
}
