/** Alert in the form that lists show. It is the same for alerts from the view of firing alerts and from the alerts topic. Pure. */

import { entityOf } from '../../packages/runtime/consumer/event.ts'
import type { Acknowledgement } from '../alerting/acknowledged.ts'
import type { Alert } from '../alerting/alert.ts'
import { byText, preferExact, type TableColumn } from './table.ts'

export interface AlertSummary {
  readonly id: string
  readonly state: Alert['status']
  readonly rule: string
  readonly severity: string
  /** Source and subject, separated by a space. */
  readonly entity: string
  /** Family of the metric. Null, like `metric`, if the alert does not concern a single metric. */
  readonly family: string | null
  readonly metric: string | null
  /** Time since which the condition held, RFC 3339. `startedAt` is the time of firing, `endedAt` that of resolving. */
  readonly activeAt: string
  readonly startedAt: string
  readonly endedAt: string | null
  /** Value that was compared last, or the observed state; null if a silence fired the alert. */
  readonly value: number | string | null
  readonly threshold: number | null
  /** Reason for firing or, once the alert has resolved, for resolving. */
  readonly reason: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  /** W3C trace context of the fired event; null if it is missing, or the event is no longer in the log. */
  readonly traceparent: string | null
  /** Current acknowledgement or, once the alert has resolved, the last one. */
  readonly acknowledged: Acknowledgement | null
}

/** Filter of alerts. Without a condition, it matches all alerts. */
export interface AlertFilter {
  readonly rule?: string | undefined
  readonly severity?: string | undefined
  /** Whole subject, or a part of source and subject. */
  readonly entity?: string | undefined
  /** Labels that an alert must have, with these values. */
  readonly labels?: readonly Label[] | undefined
  /** Earliest time of firing, in milliseconds since the epoch. `untilMs` is the end of the range and not included. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  /** True to match only alerts without an acknowledgement. */
  readonly unacknowledged?: boolean | undefined
}

interface Label {
  readonly name: string
  readonly value: string
}

/** Properties by which alerts can be counted. */
export const COUNTED_BY = ['rule', 'severity', 'entity', 'hour'] as const
export type CountedBy = (typeof COUNTED_BY)[number]

export interface AlertCount {
  /** Value of the property; for `hour`, the start of the hour in which the alerts fired, RFC 3339. */
  readonly of: string
  readonly count: number
}

/** Columns of an alert list. Lists of firing alerts omit `state` and `endedAt`. */
export const ALERT_COLUMNS: readonly TableColumn<AlertSummary>[] = [
  { name: 'id', value: ({ id }) => id },
  { name: 'state', value: ({ state }) => state },
  { name: 'severity', leaveOut: 5, value: ({ severity }) => severity },
  { name: 'rule', least: 10, value: ({ rule }) => rule },
  { name: 'entity', type: 'entity', least: 12, value: ({ entity }) => entity },
  { name: 'startedAt', heading: 'FIRED', leaveOut: 4, value: ({ startedAt }) => startedAt },
  { name: 'endedAt', heading: 'RESOLVED', leaveOut: 3, value: ({ endedAt }) => endedAt },
  { name: 'value', type: 'number', leaveOut: 2, value: ({ value }) => value },
  {
    name: 'acknowledgedBy',
    heading: 'BY',
    least: 6,
    leaveOut: 6,
    value: ({ acknowledged }) => acknowledged?.by ?? null,
  },
  { name: 'summary', least: 20, leaveOut: 1, value: one => one.summary },
]

export function alertSummary(
  alert: Alert,
  more: Pick<AlertSummary, 'traceparent' | 'acknowledged'>,
): AlertSummary {
  const { alertId, status, rule, severity, labels, summary } = alert
  const { family = null, metric = null, activeAt, startedAt, value, state, threshold, reason } = alert
  return {
    id: alertId,
    state: status,
    rule,
    severity,
    entity: entityOf(alert.entity).trim(),
    family,
    metric,
    activeAt,
    startedAt,
    endedAt: alert.status === 'resolved' ? alert.endedAt : null,
    value: value ?? state ?? null,
    threshold: threshold ?? null,
    reason: reason ?? null,
    labels,
    summary,
    ...more,
  }
}

/**
 * Returns the alerts that match the filter, in the order of firing. If the text of `entity` is a whole
 * subject, only that subject matches.
 */
export function filteredAlerts<Found extends AlertSummary>(
  alerts: readonly Found[],
  filter: AlertFilter,
): Found[] {
  const fitting = alerts.filter(alert => fits(alert, filter))
  return preferExact(fitting, filter.entity).sort(byTime)
}

/** Returns the counts, the highest first; hours are in order of time. */
export function countedAlerts(alerts: readonly AlertSummary[], by: CountedBy): AlertCount[] {
  const counts = new Map<string, number>()
  for (const alert of alerts) {
    const of = by === 'hour' ? hourOf(alert) : alert[by]
    counts.set(of, (counts.get(of) ?? 0) + 1)
  }
  const found = [...counts].map(([of, count]) => ({ of, count }))
  return found.sort((a, b) => (by === 'hour' ? 0 : b.count - a.count) || byText(a.of, b.of))
}

function fits(alert: AlertSummary, filter: AlertFilter): boolean {
  const { rule, severity, entity, labels = [], sinceMs, untilMs, unacknowledged } = filter
  const startedAtMs = Date.parse(alert.startedAt)
  return (
    (rule ?? alert.rule) === alert.rule &&
    (severity ?? alert.severity) === alert.severity &&
    alert.entity.includes(entity ?? '') &&
    labels.every(({ name, value }) => Object.hasOwn(alert.labels, name) && alert.labels[name] === value) &&
    (sinceMs === undefined || startedAtMs >= sinceMs) &&
    (untilMs === undefined || startedAtMs < untilMs) &&
    !(unacknowledged && alert.acknowledged)
  )
}

function hourOf({ startedAt }: AlertSummary): string {
  const hour = new Date(startedAt)
  hour.setUTCMinutes(0, 0, 0)
  return hour.toISOString()
}

function byTime(a: AlertSummary, b: AlertSummary): number {
  return Date.parse(a.startedAt) - Date.parse(b.startedAt) || byText(a.id, b.id)
}
