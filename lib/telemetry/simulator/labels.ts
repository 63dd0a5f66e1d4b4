/** Labels of the anomalies of a simulation, for scoring rules. Pure. */
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { ReadingData } from '../families.ts'
import { simulated } from '../simulator.ts'
import { anomalyOf, metricsOf } from './anomalies.ts'
import { FLEET, type Sensor } from './fleet.ts'
import type { GeneratorSettings } from './settings.ts'

/** One metric, or state, of one sensor that is not what it would have been. */
export interface InjectedAnomaly {
  /** The id of the sensor. */
  readonly entity: string
  readonly metric: string
  /** RFC 3339: the first and the last reading whose value differs. */
  readonly from: string
  readonly to: string
  /** The anomaly; those of several metrics that it drives together have the same. */
  readonly kind: string
}

/**
 * The anomalies in what `simulate` gives for the same arguments, in the order of their beginnings. A simulation without anomalies
 * has the same values outside of these labels.
 *
 * @param fromTick the first tick, counted from the epoch in steps of `settings.tickSeconds`
 * @param untilTick the tick after the last one
 */
export function labelsOf(
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): readonly InjectedAnomaly[] {
  return FLEET.flatMap(sensor => labelsOfSensor(sensor, settings, fromTick, untilTick)).sort(inOrder)
}

interface AnomalyPeriod {
  readonly metric: string
  readonly kind: string
  readonly fromMs: number
  toMs: number
}

function labelsOfSensor(
  sensor: Sensor,
  settings: GeneratorSettings,
  fromTick: number,
  untilTick: number,
): readonly InjectedAnomaly[] {
  const periods = new Map<string, AnomalyPeriod>()
  const { seed, tickSeconds, anomalyRate } = settings
  for (let tick = fromTick; tick < untilTick; tick++) {
    const timeMs = tick * tickSeconds * 1000
    const anomaly = anomalyOf(sensor, { seed, tick, timeMs }, anomalyRate)
    if (anomaly === undefined) continue
    const kind = anomaly.kind.name
    for (const metric of changedMetrics(sensor, settings, tick, metricsOf(anomaly))) {
      const name = `${anomaly.window} ${metric}`
      const period = periods.get(name)
      if (period === undefined) periods.set(name, { metric, kind, fromMs: timeMs, toMs: timeMs })
      else period.toMs = timeMs
    }
  }
  return [...periods.values()].map(({ metric, kind, fromMs, toMs }) => {
    return { entity: sensor.id, metric, from: instant(fromMs), to: instant(toMs), kind }
  })
}

/** An anomaly can be smaller than the resolution of the sensor at its edges. */
function changedMetrics(
  sensor: Sensor,
  settings: GeneratorSettings,
  tick: number,
  metrics: readonly string[],
): readonly string[] {
  const [own, calm] = [settings, { ...settings, anomalyRate: 0 }].map(
    one => simulated(one, sensor, tick).event.data as ReadingData,
  )
  return metrics.filter(metric => own?.[metric] !== calm?.[metric])
}

function inOrder(a: InjectedAnomaly, b: InjectedAnomaly): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

function keyOf({ from, entity, metric }: InjectedAnomaly): string {
  return `${from} ${entity} ${metric}`
}
