/** Extracts the readings, statistics of metrics and states, and alerts of entities from records. Pure. */

import { isFailure, type LogRecord } from '#runtime/cloudevents'
import { type Event, type EventData, type Failure, formatEntity, parseEntity } from '#runtime/consumer'
import { STATE_TYPE } from '../../../lib/analytics/entity-states.ts'
import { MINUTE_TYPE, type MinuteSummary } from '../../../lib/analytics/processor.ts'
import type { StateSpan } from '../../../lib/analytics/state-times.ts'
import type { StateSummary } from '../../../lib/schemas/types.ts'
import { isObject } from '../../../lib/support/json.ts'
import { type Families, measurements, type ReadingData } from '../../../lib/telemetry/index.ts'
import { getAlert, getTimeMs } from '../alerts/alerts-topic.ts'
import type { ChartAlert } from '../chart-questions.ts'

/** Record with its event, or with the failure if the event cannot be decoded. */
export interface ReadRecord {
  readonly record: LogRecord
  readonly event: Event | Failure
}

export interface EntityReading {
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Event time in milliseconds since the epoch. If the event has no time, the record's timestamp is used. */
  readonly timeMs: number
  /** Append time of the record, in milliseconds since the epoch. */
  readonly appendMs: number
  readonly offset: number
  readonly data: ReadingData
  readonly values: Readonly<Record<string, number>>
}

/** Statistics of an entity for one minute. */
export interface EntityMinute {
  readonly entity: string
  /** Start of the minute, in milliseconds since the epoch. */
  readonly timeMs: number
  readonly revision: number
  readonly metrics: Readonly<Record<string, MinuteValues>>
}

type MinuteValues = Omit<MinuteSummary['metrics'][string], 'last' | 'lastAt'>

/** Time that a state of an entity has spent in each value, in one minute or in several ones. */
export interface EntityStateSpan extends StateSpan {
  readonly entity: string
  readonly state: string
  /** Start of the first minute, in milliseconds since the epoch. */
  readonly timeMs: number
  readonly revision: number
}

/** Event about an alert of an entity. */
export interface EntityAlert extends ChartAlert {
  readonly entity: string
  /** Event time, in milliseconds since the epoch. */
  readonly timeMs: number
}

/**
 * Returns a text that is contained in the bytes of every record about the entity, in any format. Undefined if JSON might escape
 * characters of the text, because there is then no such text.
 */
export function getSearchText(entity: string): string | undefined {
  const { subject } = parseEntity(entity)
  return subject !== undefined && /^[\w.:@ -]+$/.test(subject) ? subject : undefined
}

/**
 * Returns the reading in a record; undefined if the record is not a valid reading of these entities.
 *
 * @param readData decoder that converts data to the units of the family
 */
export function findReading(
  families: Families,
  { record, event }: ReadRecord,
  entities: readonly string[],
  readData: (event: Event) => EventData | Failure,
): EntityReading | undefined {
  if (isFailure(event)) return undefined
  const entity = formatEntity(event)
  if (!entities.includes(entity)) return undefined
  const family = families.findByType(event.type)
  const read = family && readData(event)
  if (!family || !read || read.kind === 'failure') return undefined
  const data = read.data as ReadingData
  return {
    entity,
    timeMs: getTimeMs({ event, record }),
    appendMs: record.timestampMs,
    offset: record.offset,
    data,
    values: Object.fromEntries(measurements(family, data)),
  }
}

/**
 * Returns the minute statistics in a record; undefined if they belong to other entities or are invalid. Any client can write to the
 * topic, so the data is validated.
 */
export function findMinute({ event }: ReadRecord, entities: readonly string[]): EntityMinute | undefined {
  if (isFailure(event) || event.type !== MINUTE_TYPE || !isObject(event.data)) return undefined
  const { entity: about, family, windowStart, revision, metrics } = event.data as Partial<MinuteSummary>
  const timeMs = Date.parse(String(windowStart))
  const entity = about && formatEntity(about)
  if (!entity || !entities.includes(entity) || family === undefined || Number.isNaN(timeMs)) return undefined
  if (!isObject(metrics) || !Object.values(metrics).every(isValues)) return undefined
  const values = Object.entries(metrics as MinuteSummary['metrics']).map(
    ([metric, { last: _, lastAt: __, ...values }]) => [metric, values] as const,
  )
  return { entity, timeMs, revision: Number(revision), metrics: Object.fromEntries(values) }
}

/** Returns the minutes of a state in a record; undefined if it is another state, or they are invalid. */
export function findStateSpan(
  { event }: ReadRecord,
  entities: readonly string[],
  states: readonly string[],
): EntityStateSpan | undefined {
  if (isFailure(event) || event.type !== STATE_TYPE || !isObject(event.data)) return undefined
  const { entity: about, windowStart, windowEnd, ...data } = event.data as Partial<StateSummary>
  const { state = '', revision, seconds, value = null } = data
  const [timeMs, toMs] = [Date.parse(String(windowStart)), Date.parse(String(windowEnd))]
  const entity = about && formatEntity(about)
  if (!entity || !entities.includes(entity) || !states.includes(state) || !(timeMs < toMs)) return undefined
  if (!isObject(seconds) || !Object.values(seconds).every(time => Number(time) >= 0)) return undefined
  const ms = Object.fromEntries(
    Object.entries(seconds).map(([name, time]) => [name, Math.round(Number(time) * 1000)]),
  )
  return { entity, state, timeMs, fromMs: timeMs, toMs, revision: Number(revision), ms, value }
}

/** Returns the alert in a record; undefined if the record is not about an alert of these entities. */
export function findEntityAlert(
  { record, event }: ReadRecord,
  entities: readonly string[],
): EntityAlert | undefined {
  if (isFailure(event)) return undefined
  const alert = getAlert(event)
  const entity = alert && formatEntity(alert.entity)
  if (!entity || !entities.includes(entity)) return undefined
  return {
    entity,
    id: alert.alertId,
    rule: alert.rule,
    metric: alert.metric ?? null,
    severity: alert.severity,
    startedMs: Date.parse(alert.startedAt),
    endedMs: alert.status === 'resolved' ? Date.parse(alert.endedAt) : null,
    timeMs: getTimeMs({ event, record }),
  }
}

/** Returns the last revision of each minute of an entity's metrics, or of one of its states, in order of time. */
export function selectLastRevisions<Minute extends Pick<EntityMinute, 'timeMs' | 'revision'>>(
  minutes: readonly Minute[],
): Minute[] {
  const byTime = new Map<number, Minute>()
  for (const minute of minutes) {
    const previous = byTime.get(minute.timeMs)
    if (!previous || previous.revision <= minute.revision) byTime.set(minute.timeMs, minute)
  }
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs)
}

/** Removes duplicate alerts. The resolved event of an alert takes precedence over its fired event. */
export function removeDuplicateAlerts(alerts: readonly EntityAlert[]): EntityAlert[] {
  const byId = new Map<string, EntityAlert>()
  for (const alert of alerts) if (!byId.get(alert.id)?.endedMs) byId.set(alert.id, alert)
  return [...byId.values()].sort((a, b) => a.startedMs - b.startedMs)
}

function isValues(values: unknown): boolean {
  const {
    count,
    mean,
    standardDeviation,
    minimum,
    maximum,
    increase = 0,
  } = (values ?? {}) as Partial<MinuteValues>
  return [count, mean, standardDeviation, minimum, maximum, increase].every(value => Number.isFinite(value))
}
