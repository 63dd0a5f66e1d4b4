/** Alerts: which of them are on now, by the states of alerting, and what was said of them on the alerts topic. */

import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { parseTime } from '../../packages/runtime/cloudevents/attributes.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert, type FiredAlert } from '../alerting/alert.ts'
import type { AlertingState } from '../alerting/entity-state.ts'
import type { PatternStates } from '../alerting/patterns/state.ts'
import { activePatterns } from './active-patterns.ts'
import { storedEntities } from './entities.ts'
import { partitionsOf, type TopicSize } from './partition-states.ts'
import { type Range, readRecords } from './records.ts'

/** A rule that a value of an entity is beyond, or was until just now. */
export interface ActiveAlert {
  readonly partition: number
  /** `source`, a space, `subject`. */
  readonly entity: string
  /** The rule's identity and what it looks at, as in `HIGH_TEMP environment.temperature`. */
  readonly rule: string
  /** `pending`: not for long enough yet, nothing published. `recovering`: still firing, although the value has cleared. */
  readonly phase: 'pending' | 'firing' | 'recovering'
  /** RFC 3339: since when the value was beyond the threshold. */
  readonly activeAt: string
  /** What was published when it fired; null while it is pending. */
  readonly alert: FiredAlert | null
}

/** An event of the alerts topic. */
export interface FoundAlert {
  readonly alert: Alert
  /** RFC 3339, as the event has it. */
  readonly time?: string
  /** Milliseconds since the epoch: of the event, or else of its record. */
  readonly timeMs: number
}

/** Names of consumers: that of readings, and that of groups. */
const ALERTING = 'alerting'
const PATTERNS = 'patterns'

/**
 * The alerts that are on, by entity or group and rule, as alerting has decided them so far. It reads the state of every entity: those
 * that fire are found by `firingNow` without that, but only alerting knows those that are pending.
 *
 * @param readings the topic that alerting reads
 * @param groups the topic of the events of groups
 * @throws Unavailable if Redis does not answer
 */
export async function activeAlerts(
  inspection: Pick<StateInspection, 'states'>,
  readings: TopicSize,
  groups: TopicSize,
): Promise<ActiveAlert[]> {
  const active: ActiveAlert[] = []
  for (const partitionState of partitionsOf(PATTERNS, groups))
    for await (const { partition, entity, state } of storedEntities(inspection, partitionState, ''))
      active.push(...activePatterns(partition, entity, state as PatternStates))
  for (const partitionState of partitionsOf(ALERTING, readings))
    for await (const { partition, entity, state } of storedEntities(inspection, partitionState, ''))
      active.push(...activeIn(partition, entity, state as AlertingState))
  return eachOnce(active).sort((a, b) => byText(a.entity, b.entity) || byText(a.rule, b.rule))
}

/** The alert that the pipeline is down stands in every partition, as one alert of the clock. */
export function eachOnce<Active extends ActiveAlert>(active: readonly Active[]): Active[] {
  const known = new Set<string>()
  return active.filter(({ entity, rule, alert }) => {
    if (alert === null) return true
    const name = `${entity} ${rule} ${alert.alertId}`
    const isNew = !known.has(name)
    known.add(name)
    return isNew
  })
}

/**
 * The alerts of one entity or group that are on, by rule. It reads one field in each partition, whatever the keys of the readings are.
 *
 * @param readings the topic that alerting reads
 * @param groups the topic of the events of groups
 * @param entity its whole name: `source`, a space, `subject`
 * @throws Unavailable if Redis does not answer
 */
export async function activeAlertsOf(
  inspection: Pick<StateInspection, 'state'>,
  readings: TopicSize,
  groups: TopicSize,
  entity: string,
): Promise<ActiveAlert[]> {
  const ofEntity = partitionsOf(ALERTING, readings).map(async partitionState => {
    const state = await inspection.state(partitionState, entity)
    return state === undefined ? [] : activeIn(partitionState.partition, entity, state as AlertingState)
  })
  const ofGroup = partitionsOf(PATTERNS, groups).map(async partitionState => {
    const state = await inspection.state(partitionState, entity)
    return activePatterns(partitionState.partition, entity, state as PatternStates | undefined)
  })
  const found = await Promise.all([...ofEntity, ...ofGroup])
  return eachOnce(found.flat()).sort((a, b) => byText(a.rule, b.rule))
}

/** What is on for one entity. Pure. */
export function activeIn(
  partition: number,
  entity: string,
  { rules, patterns }: AlertingState,
): ActiveAlert[] {
  const ofRules = Object.entries(rules).flatMap(([rule, { state, alert = null, noData }]) => {
    const silent = noData ? [missing(partition, entity, rule, noData)] : []
    if (state.phase === 'inactive') return silent
    const { phase, activeAtMs } = state
    return [...silent, { partition, entity, rule, phase, activeAt: instant(activeAtMs), alert }]
  })
  return [...activePatterns(partition, entity, patterns), ...ofRules]
}

/** The alert that an entity is silent stands beside that of its rule. */
function missing(partition: number, entity: string, rule: string, alert: FiredAlert): ActiveAlert {
  return {
    partition,
    entity,
    rule: `${alert.rule} ${rule}`,
    phase: 'firing',
    activeAt: alert.activeAt,
    alert,
  }
}

/**
 * The alerts that fired and resolved, in the order of time.
 *
 * @param ranges of the alerts topic
 * @throws see `readRecords`
 */
export async function* publishedAlerts(log: LogReader, ranges: readonly Range[]): AsyncGenerator<FoundAlert> {
  for await (const record of readRecords(log, ranges)) {
    const found = alertIn(record)
    if (found) yield found
  }
}

/** Returns undefined if the record is not an alert. */
export function alertIn(record: LogRecord): FoundAlert | undefined {
  const event = readEvent(record)
  const alert = isFailure(event) ? undefined : alertOf(event)
  if (isFailure(event) || !alert) return undefined
  const { time } = event
  return time === undefined ? { alert, timeMs: record.timestampMs } : { alert, time, timeMs: parseTime(time) }
}

/** Returns undefined if the event is not an alert. */
export function alertOf({ type, data }: Event): Alert | undefined {
  return (type === ALERT_FIRED_TYPE || type === ALERT_RESOLVED_TYPE) && isAlert(data) ? data : undefined
}

/** Any client may write to the topic, so check that all fields of an alert that are shown exist. */
function isAlert(data: unknown): data is Alert {
  if (typeof data !== 'object' || data === null) return false
  const { status, entity, labels, ...facts } = data as Partial<Alert>
  const { alertId, fingerprint, rule, severity, summary, startedAt } = facts
  return (
    (status === 'firing' || status === 'resolved') &&
    [alertId, fingerprint, rule, severity, summary].every(text => typeof text === 'string') &&
    !Number.isNaN(Date.parse(String(startedAt))) &&
    [entity, labels].every(object => typeof object === 'object' && object !== null)
  )
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
