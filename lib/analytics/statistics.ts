/** Running statistics of one metric, updated one value at a time. */
import type { MinuteSummary } from '../schemas/types.ts'
import { computeRise, type MetricKind } from '../telemetry/metric-kinds.ts'
import {
  angularDeviation,
  meanAngle,
  NO_ANGLES,
  toVectorLength,
  type Vectors,
  withAngle,
} from '../windows/circle.ts'
import { type Moments, NO_VALUES, sampleDeviation, withValue } from '../windows/moments.ts'

/** State of the statistics of a metric. The state can be stored as JSON, and its size does not depend on the number of values. */
export type Statistics = (Moments | Vectors) & {
  readonly minimum: number
  readonly maximum: number
  /** Value with the latest event time. `lastAtMs` is its event time, in milliseconds since the epoch. */
  readonly last: number
  readonly lastAtMs: number
  /** Sum of what a counter has risen; absent for other metrics. */
  readonly increase?: number
  /** Value of a counter from which it rises further: the first one with the latest event time. */
  readonly level?: number
  /** Event time since which values count, if the family has said since the first reading that the metric means something else. */
  readonly sinceMs?: number
  /** How often the family had changed the unit of the metric; absent if it never had. */
  readonly changes?: number
}

/** Statistics as shown and published. */
export type StatisticsSummary = MinuteSummary['metrics'][string]

/** What a metric is, and for a counter, what it has risen since the newest value of its entity. */
export interface Nature {
  readonly kind: MetricKind
  /** How often the family has changed the unit of the metric. */
  readonly changes?: number
  readonly rise?: number
}

const GAUGE: Nature = { kind: 'gauge' }

/**
 * Returns the statistics with one more value. The order in which values are added affects only `last` and, for a counter, `increase`.
 * `last` is the value with the latest event time; if several values have the same time, it is the one that was added last. Statistics
 * of another kind of metric, or in another unit, begin anew.
 *
 * @param timeMs event time, in milliseconds since the epoch
 */
export function addValue(
  before: Statistics | undefined,
  measured: number,
  timeMs: number,
  { kind, changes = 0, rise = 0 }: Nature = GAUGE,
): Statistics {
  // Turn -0 into 0, as JSON does. Otherwise a stored state would be different when it is read again.
  const value = measured + 0
  const isAnew = before !== undefined && (kindOf(before) !== kind || (before.changes ?? 0) !== changes)
  const statistics = isAnew ? undefined : before
  const isLatest = statistics === undefined || timeMs >= statistics.lastAtMs
  const sinceMs = isAnew ? timeMs : statistics?.sinceMs
  const minimum = Math.min(statistics?.minimum ?? value, value)
  const maximum = Math.max(statistics?.maximum ?? value, value)
  const last = isLatest ? value : statistics.last
  const lastAtMs = isLatest ? timeMs : statistics.lastAtMs
  if (kind === 'gauge' && sinceMs === undefined && changes === 0) {
    // Most metrics are gauges: one object, without copies.
    const { count, mean, m2 } = withValue((statistics as Moments | undefined) ?? NO_VALUES, value)
    return { count, mean, m2, minimum, maximum, last, lastAtMs }
  }
  const spread =
    kind === 'direction'
      ? withAngle((statistics as Vectors | undefined) ?? NO_ANGLES, value)
      : withValue((statistics as Moments | undefined) ?? NO_VALUES, value)
  const isNewer = statistics === undefined || timeMs > statistics.lastAtMs
  return {
    ...{ ...spread, minimum, maximum, last, lastAtMs },
    ...(kind === 'counter' && {
      increase: (statistics?.increase ?? 0) + rise,
      level: isNewer ? value : (statistics.level as number),
    }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(changes > 0 && { changes }),
  }
}

/** Returns what a counter has risen since its newest value; 0 for one that is not newer, and for the first one. */
export function findRise(statistics: Statistics | undefined, value: number, timeMs: number): number {
  const isNewer = statistics?.level !== undefined && timeMs > statistics.lastAtMs
  return isNewer ? computeRise(statistics.level, value) : 0
}

/** Returns what the metric is of which the statistics are. */
function kindOf(statistics: Statistics): MetricKind {
  if ((statistics as Partial<Vectors>).x !== undefined) return 'direction'
  return statistics.increase === undefined ? 'gauge' : 'counter'
}

/** Statistics as faces show them: without the values that mean nothing for a direction. */
export interface ShownStatistics extends Omit<StatisticsSummary, 'mean' | 'minimum' | 'maximum'> {
  /** Null for angles that have no mean. */
  readonly mean: number | null
  readonly minimum: number | null
  readonly maximum: number | null
  /** Time since which values count, if that is not the first reading. */
  readonly since?: string
}

type Spread = Pick<StatisticsSummary, 'mean' | 'standardDeviation' | 'minimum' | 'maximum'>

/** Returns published statistics as they are shown. @param is what the metric is */
export function showSpread<Summary extends Spread>(
  summary: Summary,
  is: MetricKind,
): Omit<Summary, 'mean' | 'minimum' | 'maximum'> & Pick<ShownStatistics, 'mean' | 'minimum' | 'maximum'> {
  if (is !== 'direction') return summary
  const mean = toVectorLength(summary.standardDeviation) > 0 ? summary.mean : null
  return { ...summary, mean, minimum: null, maximum: null }
}

/** Returns the state of statistics as it is shown. */
export function showStatistics(statistics: Statistics): ShownStatistics {
  const { sinceMs } = statistics
  const shown = showSpread(summarizeStatistics(statistics), kindOf(statistics))
  return sinceMs === undefined ? shown : { ...shown, since: new Date(sinceMs).toISOString() }
}

/** Returns the statistics as they are published. */
export function summarizeStatistics(statistics: Statistics): StatisticsSummary {
  const { count, minimum, maximum, last, lastAtMs, increase } = statistics
  return {
    count,
    ...summarizeSpread(statistics),
    minimum,
    maximum,
    last,
    lastAt: new Date(lastAtMs).toISOString(),
    ...(increase !== undefined && { increase }),
  }
}

function summarizeSpread(statistics: Statistics): Pick<StatisticsSummary, 'mean' | 'standardDeviation'> {
  if ('x' in statistics)
    return {
      // The published schema requires a mean. Angles that have none have a deviation that says so.
      mean: meanAngle(statistics) ?? statistics.last,
      standardDeviation: angularDeviation(statistics),
    }
  // A single value has no deviation of a sample, but the published schema requires one.
  return { mean: statistics.mean, standardDeviation: sampleDeviation(statistics) ?? 0 }
}
