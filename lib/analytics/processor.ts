/** Consumer `processor`: maintains statistics of each metric of an entity, and emits a summary of each minute of event time. */

import {
  completeStep,
  type Emission,
  type KeyedProcess,
  type Received,
  reject,
  type StepResult,
  scheduleForgetting,
} from '#runtime/consumer/index.ts'
import type { EventType } from '../schemas/event-types.ts'
import type { MinuteSummary as MinuteData } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { type Families, measurements, type ReadingData } from '../telemetry/families.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { isCountable } from '../windows/moments.ts'
import { type Bounded, boundMetrics, KNOWN_NAMES, type KnownNames } from './metric-bounds.ts'
import { type Measured, type MetricStatistics, summarizeMetrics, withReading } from './metric-statistics.ts'
import { assignToMinute, getRevision, MINUTES, type Minute, type Minutes, openMinute } from './minutes.ts'
import type { StatisticsSummary } from './statistics.ts'

export const MINUTE_TYPE = 'io.sluice.analytics.minute.v1' satisfies EventType

/** Name of the consumer. */
export const STATISTICS = 'processor'

/** Number of days without readings after which an entity is forgotten. It is longer than the retention of the log. */
const FORGOTTEN_AFTER_DAYS = READINGS_TOPIC.keptDays + 1

/** Statistics state of one entity. */
export interface EntityStatistics {
  /** Family of the reading with the highest offset. */
  readonly family: string
  /** Statistics since the first reading of the entity. */
  readonly metrics: MetricStatistics
  readonly minutes: Minutes
  /** Number of measured values that exceeded a bound, see `metric-bounds.ts`; absent if there were none. */
  readonly dropped?: number
}

/** Data of `io.sluice.analytics.minute.v1`. */
export interface MinuteSummary extends MinuteData {
  readonly family: string
}

/** Statistics of an entity since its first reading, by metric, as shown to users. */
export interface EntitySummary {
  readonly family: string
  readonly metrics: Readonly<Record<string, StatisticsSummary>>
}

/**
 * Returns the consumer that maintains statistics. The reason of a decision is one of:
 * - `counted`: the reading belongs to the open minute.
 * - `window-closed`: the reading is the first one of a later minute.
 * - `window-revised`: the reading belongs to the minute before the open one.
 * - `late`: the reading belongs to an older minute. It is included only in the statistics since the first reading.
 * - `no-metric`: the reading has only states, so the statistics do not change.
 * - `metrics-dropped`: the reading has metrics that exceed a bound. All others are counted as usual.
 */
export function createStatistics(
  families: Families,
): KeyedProcess<EntityStatistics, ReadingData, KnownNames> {
  return {
    name: STATISTICS,
    accepts: families.readingTypes,
    context: KNOWN_NAMES,
    onEvent(state, event, known) {
      const family = families.findByType(event.type)
      if (family === undefined || event.data === undefined)
        return reject('the reading is of an unknown family, or has no data')
      const values = measurements(family, event.data)
      if (values.length === 0) return completeStep('no-metric', state)
      const unfit = values.find(([, value]) => !isCountable(value))
      if (unfit !== undefined) return reject(`${unfit[0]} is too large for statistics`)
      const { timeMs } = event
      const bounded = boundMetrics(family, values, timeMs, state?.metrics ?? {}, known, FORGOTTEN_AFTER_DAYS)
      return step(state, event, family.name, { ...bounded, timeMs })
    },
    onTimer({ family, minutes }, timer) {
      return completeStep('forgotten', undefined, [minuteEmission(openMinute(minutes), family, timer)])
    },
  }
}

/** Returns the statistics in the form that `sluice stats` shows. */
export function summarise({ family, metrics }: Pick<EntityStatistics, 'family' | 'metrics'>): EntitySummary {
  return { family, metrics: summarizeMetrics(metrics) }
}

function step(
  state: EntityStatistics | undefined,
  event: Received,
  family: string,
  { dropped: newlyDropped, names, ...measured }: Measured & Omit<Bounded, 'values'>,
): StepResult<EntityStatistics> {
  const dropped = (state?.dropped ?? 0) + newlyDropped
  const counted = { ...(dropped > 0 && { dropped }) }
  if (measured.values.length === 0) return completeStep('metrics-dropped', state && { ...state, ...counted })
  const metrics = withReading(state?.metrics ?? {}, measured)
  const { reason, minutes, due } = assignToMinute(state?.minutes, measured)
  const emit = due === undefined ? [] : [minuteEmission(due, family, event)]
  const latestMs = state && MINUTES.getBounds(openMinute(state.minutes)).startMs
  const timers = scheduleForgetting(latestMs, event.timeMs, FORGOTTEN_AFTER_DAYS)
  const decided = newlyDropped > 0 ? 'metrics-dropped' : reason
  const step = completeStep(decided, { family, metrics, minutes, ...counted }, emit, timers)
  return names ? { ...step, context: names } : step
}

function minuteEmission(
  minute: Minute,
  family: string,
  { source, subject, entity }: Pick<Received, 'source' | 'subject' | 'entity'>,
): Emission {
  const { startMs, endMs } = MINUTES.getBounds(minute)
  const windowStart = new Date(startMs).toISOString()
  const revision = getRevision(minute) + 1
  const data: MinuteSummary = {
    entity: { source, ...(subject !== undefined && { subject }) },
    family,
    windowStart,
    windowEnd: new Date(endMs).toISOString(),
    revision,
    metrics: summarizeMetrics(minute[1]),
  }
  return {
    name: `minute ${windowStart} revision ${revision}`,
    to: 'analytics',
    key: entity,
    type: MINUTE_TYPE,
    source: '/processor',
    ...(subject !== undefined && { subject }),
    dataschema: toDataschema(MINUTE_TYPE),
    data,
  }
}
