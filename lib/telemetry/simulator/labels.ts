/** Labels of the anomalies in a simulation. They are used to score rules. Pure. */
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { ReadingData } from '../families.ts'
import { measured } from '../simulator.ts'
import { anomalyOf, metricsOf } from './anomalies.ts'
import { FAULT_NAMES, FAULTS, faultAt } from './faults.ts'
import type { Sensor } from './fleet.ts'
import { type GeneratorSettings, timeOfTick } from './settings.ts'

/** Anomaly of one metric or state of one sensor, or a transport fault, which does not have a metric. */
export interface InjectedAnomaly {
  /** Id of the sensor. */
  readonly entity: string
  readonly metric?: string
  /** Time of the first reading that the anomaly changes, RFC 3339. `to` is the time of the last one. */
  readonly from: string
  readonly to: string
  /** Kind of the anomaly. If an anomaly changes several metrics, each has a label with the same kind. */
  readonly kind: string
}

/**
 * Returns the anomalies in the readings that `simulate` yields for the same arguments, in the order of their start. All readings
 * without a label have the same values as in a simulation without anomalies.
 *
 * @param fromTick first tick, counted from the epoch in steps of `settings.tickSeconds`
 * @param untilTick tick after the last one
 */
export function labelsOf(
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): readonly InjectedAnomaly[] {
  return settings.fleet.flatMap(sensor => labelsOfSensor(sensor, settings, fromTick, untilTick)).sort(inOrder)
}

interface AnomalyPeriod {
  readonly metric?: string
  readonly kind: string
  readonly fromMs: number
  toMs: number
}

/** Anomaly or fault at one tick, and the metrics that it changes. */
interface Cause {
  readonly kind: string
  /** Window of the anomaly, which distinguishes it from other anomalies of the same kind. */
  readonly window: number
  readonly metrics: readonly (string | undefined)[]
}

function labelsOfSensor(
  sensor: Sensor,
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): readonly InjectedAnomaly[] {
  const periods = new Map<string, AnomalyPeriod>()
  for (let tick = fromTick; tick < untilTick; tick++) {
    const timeMs = timeOfTick(settings, tick)
    for (const { kind, window, metrics } of causesAt(sensor, settings, tick)) {
      for (const metric of metrics) {
        const name = `${kind} ${window} ${metric}`
        const period = periods.get(name)
        if (period === undefined)
          periods.set(name, { ...(metric && { metric }), kind, fromMs: timeMs, toMs: timeMs })
        else period.toMs = timeMs
      }
    }
  }
  return [...periods.values()].map(({ metric, kind, fromMs, toMs }) => {
    return { entity: sensor.id, ...(metric && { metric }), from: instant(fromMs), to: instant(toMs), kind }
  })
}

function causesAt(sensor: Sensor, settings: GeneratorSettings, tick: number): readonly Cause[] {
  const { seed, faults = {}, anomalyRate } = settings
  const moment = { seed, tick, timeMs: timeOfTick(settings, tick) }
  const anomaly = anomalyOf(sensor, moment, anomalyRate)
  const found = FAULT_NAMES.flatMap(name => faultAt(name, faults[name] ?? 0, sensor, moment) ?? [])
  if (anomaly === undefined && found.length === 0) return []
  const changed = changedMetrics(sensor, settings, moment)
  return [
    ...(anomaly === undefined
      ? []
      : [
          {
            kind: anomaly.kind.name,
            window: anomaly.window,
            metrics: metricsOf(anomaly).filter(one => changed.has(one)),
          },
        ]),
    ...found.map(({ name, window }) => {
      return { kind: name, window, metrics: 'isTransport' in FAULTS[name] ? [undefined] : [...changed] }
    }),
  ]
}

/**
 * Returns the metrics whose values differ from a simulation without anomalies. When an anomaly starts or ends, its effect can be
 * smaller than the resolution of the sensor.
 */
function changedMetrics(
  sensor: Sensor,
  settings: GeneratorSettings,
  moment: Parameters<typeof measured>[2],
): ReadonlySet<string> {
  const own = measured(settings, sensor, moment)
  const calm: ReadingData = measured({ ...settings, anomalyRate: 0, faults: {} }, sensor, moment)
  return new Set(
    Object.keys(own).filter(
      metric => own[metric] !== calm[metric] && metric in calm && typeof own[metric] !== 'object',
    ),
  )
}

function inOrder(a: InjectedAnomaly, b: InjectedAnomaly): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

function keyOf({ from, entity, metric }: InjectedAnomaly): string {
  return `${from} ${entity} ${metric}`
}
