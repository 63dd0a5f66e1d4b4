/**
 * Consumer `processor`: maintains statistics of each metric and state of an entity, and emits a summary of each minute of event time.
 */

import {
  defineProcess,
  FORGET,
  type Received,
  type Step,
  scheduleForgetting,
  type Timer,
} from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import type { MinuteSummary as MinuteData } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import {
  type Families,
  type Family,
  measurements,
  observations,
  type ReadingData,
} from '../telemetry/families.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'
import { isCountable } from '../windows/moments.ts'
import {
  closeSilentState,
  countStates,
  type EntityStates,
  type ShownState,
  showStates,
} from './entity-states.ts'
import { type Changes, findChanges, KNOWN, type Known, toStoredKnown } from './known.ts'
import { type Bounded, boundMetrics } from './metric-bounds.ts'
import {
  findNatures,
  type MetricStatistics,
  showMetrics,
  summarizeMetrics,
  withReading,
} from './metric-statistics.ts'
import { assignToMinute, getRevision, MINUTES, type Minute, type Minutes, openMinute } from './minutes.ts'
import { getLastReadingMs } from './state-times.ts'
import type { ShownStatistics } from './statistics.ts'

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
  /** Absent if no reading had a metric. */
  readonly minutes?: Minutes
  /** Number of measured values that exceeded a bound, see `metric-bounds.ts`; absent if there were none. */
  readonly dropped?: number
  /** Absent if no reading had a state. */
  readonly states?: EntityStates
}

/** Data of `io.sluice.analytics.minute.v1`. */
export interface MinuteSummary extends MinuteData {
  readonly family: string
}

/** Statistics of an entity since its first reading, by metric, and its states, as shown to users. */
export interface EntitySummary {
  readonly family: string
  readonly metrics: Readonly<Record<string, ShownStatistics>>
  readonly states: Readonly<Record<string, ShownState>>
}

/**
 * Returns the consumer that maintains statistics. The reason of a decision is one of:
 * - `counted`: the reading belongs to the open minute.
 * - `window-closed`: the reading is the first one of a later minute.
 * - `window-revised`: the reading belongs to the minute before the open one.
 * - `late`: the reading belongs to an older minute. It is included only in the statistics since the first reading.
 * - `no-metric`: the reading has neither metrics nor states, so the statistics do not change.
 * - `metrics-dropped`: the reading has metrics that exceed a bound. All others are counted as usual.
 *
 * Metrics and states have minutes of their own. The reason is that of the metrics if the reading has any.
 */
export function createStatistics(families: Families) {
  return defineProcess<EntityStatistics, ReadingData, Known>(STATISTICS, {
    accepts: families.readingTypes,
    context: KNOWN,
    neverChangesState: true,
    // A state becomes unknown by silence, and missing readings do not mean silence while the log's clock has stopped.
    awaitsLog: timer => timer !== FORGET,
    onEvent(state, event, step) {
      const family = families.findByType(event.type)
      if (!family) return step.reject('the reading is of an unknown family')
      const values = measurements(family, event.data)
      const unfit = values.find(([, value]) => !isCountable(value))
      if (unfit !== undefined) return step.reject(`${unfit[0]} is too large for statistics`)
      const seen = observations(family, event.data)
      if (values.length === 0 && seen.length === 0) {
        step.reason('no-metric')
        return state
      }
      const own = state?.metrics ?? {}
      const { names, ...bounded } = boundMetrics(
        family,
        values,
        event.timeMs,
        own,
        step.context.names,
        FORGOTTEN_AFTER_DAYS,
      )
      const { changes, meanings } = findChanges(step.context, family)
      if (names || meanings)
        step.setContext(
          toStoredKnown({ names: names ?? step.context.names, meanings: meanings ?? step.context.meanings }),
        )
      const observed = countStates(step, family, state?.states, event, seen, changes)
      if (observed) step.reason(observed.reason)
      const measured = values.length > 0 && countValues(step, state, event, family, bounded, changes)
      if (!observed && !measured) return state
      scheduleForgetting(step, state && findLatestMs(state), event.timeMs, FORGOTTEN_AFTER_DAYS)
      const states = observed?.states ?? state?.states
      return { family: family.name, ...(measured || getCounts(state)), ...(states && { states }) }
    },
    onTimer(state, timer, step) {
      if (timer.name === FORGET) return onForget(state, timer, step)
      step.reason('state-unknown')
      return state.states
        ? { ...state, states: closeSilentState(step, state.family, state.states, timer) }
        : state
    },
  })
}

function onForget({ family, minutes }: EntityStatistics, timer: Timer, step: Step): undefined {
  step.reason('forgotten')
  if (minutes) emitMinute(step, openMinute(minutes), family, timer)
}

/** Returns the statistics in the form that `sluice stats` shows. @param nowMs current time, at which a state may have become unknown */
export function summarise(
  { family, metrics, states }: Pick<EntityStatistics, 'family' | 'metrics' | 'states'>,
  nowMs?: number,
): EntitySummary {
  return { family, metrics: showMetrics(metrics), states: showStates(states, nowMs) }
}

/** Parts of the state that count metrics. */
type Counts = Pick<EntityStatistics, 'metrics' | 'minutes' | 'dropped'>

function getCounts({ metrics = {}, minutes, dropped }: Partial<EntityStatistics> = {}): Counts {
  return { metrics, ...(minutes && { minutes }), ...(dropped !== undefined && { dropped }) }
}

/** Returns the counts with the metrics of a reading; undefined if nothing has been counted of the entity. */
function countValues(
  step: Step<Known>,
  state: EntityStatistics | undefined,
  event: Received,
  family: Family,
  { values, dropped }: Omit<Bounded, 'names'>,
  changes: Changes,
): Counts | undefined {
  const { timeMs } = event
  const own = state?.metrics ?? {}
  if (dropped > 0) step.reason('metrics-dropped')
  const droppedEver = (state?.dropped ?? 0) + dropped
  const counted = { ...(droppedEver > 0 && { dropped: droppedEver }) }
  if (values.length === 0) return state && { ...getCounts(state), ...counted }
  const measured = { values, timeMs, natures: findNatures(family, own, { values, timeMs }, changes) }
  const { reason, minutes, due } = assignToMinute(state?.minutes, measured)
  if (dropped === 0) step.reason(reason)
  if (due) emitMinute(step, due, family.name, event)
  return { metrics: withReading(own, measured), minutes, ...counted }
}

/** Returns the event time of the newest reading, to the minute. */
function findLatestMs({ minutes, states }: EntityStatistics): number {
  const ofMetrics = minutes ? MINUTES.getBounds(openMinute(minutes)).startMs : 0
  return states ? Math.max(ofMetrics, ...Object.values(states).map(getLastReadingMs)) : ofMetrics
}

function emitMinute(
  step: Step,
  minute: Minute,
  family: string,
  { source, subject, entity }: Pick<Received, 'source' | 'subject' | 'entity'>,
): void {
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
  const dataschema = toDataschema(MINUTE_TYPE)
  step.emit('analytics', `minute ${windowStart} revision ${revision}`, data, {
    key: entity,
    type: MINUTE_TYPE,
    subject: subject ?? null,
    dataschema,
  })
}
