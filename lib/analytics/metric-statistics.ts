import type { Family } from '../telemetry/families.ts'
import type { Changes } from './known.ts'
import {
  addValue,
  findRise,
  type Nature,
  type ShownStatistics,
  type Statistics,
  type StatisticsSummary,
  showStatistics,
  summarizeStatistics,
} from './statistics.ts'

/** Statistics by metric, for one minute or for all readings of an entity. */
export type MetricStatistics = Readonly<Record<string, Statistics>>

/** Metrics of one reading, and its event time in milliseconds since the epoch. */
export interface Measured {
  readonly values: readonly (readonly [metric: string, value: number])[]
  readonly timeMs: number
  /** Metrics of the reading that are no gauges, or have meant something else before; absent if there are none. */
  readonly natures?: Readonly<Record<string, Nature>> | undefined
}

/** Attributes of a property that an assignment makes. */
const OWN = { writable: true, enumerable: true, configurable: true }

/**
 * Returns what each metric of a reading is that is no gauge or whose meaning has changed, and what counters have risen.
 *
 * @param own statistics of all earlier readings of the entity
 */
export function findNatures(
  { kinds }: Pick<Family, 'kinds'>,
  own: MetricStatistics,
  { values, timeMs }: Pick<Measured, 'values' | 'timeMs'>,
  changes: Changes,
): Measured['natures'] {
  let natures: Record<string, Nature> | undefined
  for (const [metric, value] of values) {
    const kind = kinds[metric] ?? 'gauge'
    const changed = changes.get(metric) ?? 0
    if (kind === 'gauge' && changed === 0) continue
    natures ??= Object.create(null) as Record<string, Nature>
    const isSame = (own[metric]?.changes ?? 0) === changed
    natures[metric] = { kind, changes: changed, rise: isSame ? findRise(own[metric], value, timeMs) : 0 }
  }
  return natures
}

/** Returns the statistics with one more reading. Statistics of metrics that are missing in the reading do not change. */
export function withReading(
  metrics: MetricStatistics,
  { values, timeMs, natures }: Measured,
): MetricStatistics {
  const next: Record<string, Statistics> = { ...metrics }
  for (const [metric, value] of values) {
    const nature = natures?.[metric]
    // A metric may have the name of a property that all objects have, such as `__proto__`, which an assignment would not add.
    if (Object.hasOwn(next, metric)) next[metric] = addValue(next[metric], value, timeMs, nature)
    else Object.defineProperty(next, metric, { ...OWN, value: addValue(undefined, value, timeMs, nature) })
  }
  return next
}

export function summarizeMetrics(metrics: MetricStatistics): Record<string, StatisticsSummary> {
  return Object.fromEntries(
    Object.entries(metrics).map(([metric, statistics]) => [metric, summarizeStatistics(statistics)]),
  )
}

export function showMetrics(metrics: MetricStatistics): Record<string, ShownStatistics> {
  return Object.fromEntries(
    Object.entries(metrics).map(([metric, statistics]) => [metric, showStatistics(statistics)]),
  )
}

/** Returns the number of readings. Readings without some of the metrics are included. */
export function countReadings(metrics: MetricStatistics): number {
  return Object.values(metrics).reduce((most, { count }) => Math.max(most, count), 0)
}

/** Returns the event time of the newest reading, in milliseconds since the epoch; 0 without readings. */
export function findLatest(metrics: MetricStatistics): number {
  return Object.values(metrics).reduce((latest, { lastAtMs }) => Math.max(latest, lastAtMs), 0)
}
