/**
 * Injects anomalies. Time is divided into windows. The seed, the sensor and the window determine whether the sensor has an anomaly
 * in the window, and the kind, start and duration of the anomaly. An anomaly starts and ends in the same window, so every alert
 * that it fires also resolves.
 */
import type { Sensor } from './fleet.ts'
import { between, jitter, uniform } from './noise.ts'
import type { Moment, Observation } from './simulated-time.ts'

type Range = readonly [low: number, high: number]

/**
 * Kind of anomaly, with target values for all metrics that it changes together. For example, a storm causes wind, low pressure and
 * humidity.
 */
interface Kind {
  readonly drives: Readonly<Record<string, Range>>
  readonly fields?: Readonly<Record<string, unknown>>
}

interface Anomaly {
  readonly kind: Kind
  readonly window: number
  /** Strength of the anomaly: 0 for normal values of the metrics, 1 for the target values of the anomaly. */
  readonly intensity: number
}

const KINDS: Readonly<Record<Sensor['family'], readonly Kind[]>> = {
  environment: [
    { drives: { temperature: [42, 47], humidity: [23, 30] } },
    { drives: { temperature: [-9, -3], humidity: [70, 85] } },
    { drives: { humidity: [8, 17], windSpeed: [20, 30] } },
    { drives: { humidity: [93, 98], windSpeed: [0.5, 3] } },
    { drives: { windSpeed: [60, 95], pressure: [962, 975], humidity: [76, 86] } },
    { drives: { pressure: [1043, 1052], windSpeed: [0.5, 4] } },
  ],
  database: [
    {
      drives: {
        cpuUsagePercent: [86, 98],
        memoryUsagePercent: [72, 88],
        activeConnections: [280, 480],
        queryLatencyMs: [180, 900],
      },
    },
    { drives: { replicationLagSeconds: [45, 300], queryLatencyMs: [40, 90] } },
  ],
  device: [{ drives: { x: [-35, -20], y: [10, 20], z: [18, 35] }, fields: { activity: 'falling' } }],
}

/**
 * Number of ticks in a window. With the default interval, a window takes one minute. This is sufficient for readings before, during
 * and after an anomaly.
 */
const WINDOW_TICKS = 12
/** Range for the start of an anomaly, as a share of its window. `LASTS` is the range for its duration. */
const STARTS: Range = [0.08, 0.33]
const LASTS: Range = [0.4, 0.6]
const RAMP = 0.1
/** Maximum variation of a value around its target, as a share of the target range. */
const SWAY = 0.05

/**
 * Returns the anomaly of a sensor at a moment, if any.
 *
 * @param rate share of a sensor's windows that have an anomaly, from 0 to 1
 */
export function findAnomaly(sensor: Sensor, { seed, tick }: Moment, rate: number): Anomaly | undefined {
  const window = Math.floor(tick / WINDOW_TICKS)
  const draw = (what: string) => uniform(seed, sensor.id, 'anomaly', window, what)
  if (draw('occurs') >= rate) return undefined
  const kinds = KINDS[sensor.family]
  const kind = kinds[Math.floor(draw('kind') * kinds.length)]
  if (kind === undefined) return undefined
  const start = between(STARTS, seed, sensor.id, 'anomaly', window, 'start')
  const end = start + between(LASTS, seed, sensor.id, 'anomaly', window, 'lasts')
  const at = tick / WINDOW_TICKS - window
  const intensity = Math.min(1, (at - start) / RAMP, (end - at) / RAMP)
  return intensity > 0 ? { kind, window, intensity } : undefined
}

/** Returns the observation with the anomaly applied. */
export function disturb(
  observation: Observation,
  anomaly: Anomaly,
  sensor: Sensor,
  { seed, tick }: Moment,
): Observation {
  const metrics = { ...observation.metrics }
  for (const [metric, range] of Object.entries(anomaly.kind.drives)) {
    const normal = metrics[metric] ?? 0
    const sway = SWAY * (range[1] - range[0]) * jitter(seed, sensor.id, 'sway', metric, tick)
    const driven = between(range, seed, sensor.id, 'anomaly', anomaly.window, metric) + sway
    metrics[metric] = normal + (driven - normal) * anomaly.intensity
  }
  return { metrics, fields: { ...observation.fields, ...anomaly.kind.fields } }
}
