/** Alert as shown in lists. It is the same for alerts from the view of firing alerts and for alerts from the alerts topic. Pure. */

import { formatEntity, instant, parseEntity } from '#runtime/consumer'
import { type Alert, describeClearing, findUnit } from '../../lib/alerting/index.ts'
import { type AlertFacts, type AlertMatch, matchesAlert } from '../../lib/notification/alert-match.ts'
import { entityText } from '../../lib/support/group-text.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { byText, preferExact } from './table.ts'

export interface AlertSummary {
  readonly id: string
  readonly state: Alert['status']
  readonly rule: string
  readonly severity: string
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
  /** Family of the metric. Both `family` and `metric` are null if the alert is not about a single metric. */
  readonly family: string | null
  readonly metric: string | null
  /**
   * Time since which the condition has held, RFC 3339. `startedAt` is the time at which the alert fired, and `endedAt` the time at
   * which it resolved.
   */
  readonly activeAt: string
  readonly startedAt: string
  readonly endedAt: string | null
  /** Time at which its latest event was written to the topic, RFC 3339; the time of that event if it is unknown. */
  readonly changedAt: string
  /** Value that was compared last, or the observed state; null if the alert fired because of a silence. */
  readonly value: number | string | null
  readonly threshold: number | null
  /** Unit of value and threshold; absent for a state, for a number derived from readings, and for a metric without a unit. */
  readonly unit?: string | undefined
  /** Reason why the alert fired or, if it has resolved, why it resolved. */
  readonly reason: string | null
  /** Value that cleared the alert, such as `temperature is 21.3 °C`; null if it fires, or has resolved for another reason. */
  readonly clearedBy: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  /** W3C trace context of the fired event; null if the event has none or is no longer in the log. */
  readonly traceparent: string | null
}

/** Filter for alerts. A filter without conditions matches all alerts. */
export interface AlertFilter {
  /** Condition on rule, severity and labels, as of routes and silences. */
  readonly match?: AlertMatch | undefined
  /** Subject of the entity, or words of its source and subject. */
  readonly entity?: string | undefined
  /**
   * Earliest time at which the alert fired, in milliseconds since the epoch, inclusive. `untilMs` is the latest time, exclusive.
   */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** @param writtenMs time at which the latest event was written to the topic, in milliseconds since the epoch */
export function alertSummary(
  families: Families,
  alert: Alert,
  traceparent: string | null,
  writtenMs?: number,
): AlertSummary {
  const { alertId, status, rule, severity, labels, summary, measured } = alert
  const { family = null, metric = null, activeAt, startedAt, value, state, threshold, reason } = alert
  const endedAt = alert.status === 'resolved' ? alert.endedAt : null
  return {
    id: alertId,
    state: status,
    rule,
    severity,
    entity: formatEntity(alert.entity).trim(),
    family,
    metric,
    activeAt,
    startedAt,
    endedAt,
    changedAt: writtenMs === undefined ? (endedAt ?? startedAt) : instant(writtenMs),
    value: value ?? state ?? null,
    threshold: threshold ?? null,
    unit: measured === undefined ? findUnit(families, alert.family, alert.metric) : undefined,
    reason: reason ?? null,
    clearedBy: (alert.status === 'resolved' && describeClearing(families, alert)) || null,
    labels,
    summary,
    traceparent,
  }
}

/**
 * Returns the alerts that match the filter, in the order in which they changed. The event time would put alerts about old readings
 * behind all others. If the text of `entity` is the complete subject of an
 * entity, only that entity matches.
 */
export function filteredAlerts<Found extends AlertSummary>(
  alerts: readonly Found[],
  { match = {}, entity = '', sinceMs, untilMs }: AlertFilter,
): Found[] {
  const isOfEntity = textFilter(entity)
  const fitting = alerts.filter(alert => {
    const startedAtMs = Date.parse(alert.startedAt)
    return (
      (isOfEntity(alert.entity) || isOfEntity(entityText(alert.entity))) &&
      (sinceMs === undefined || startedAtMs >= sinceMs) &&
      (untilMs === undefined || startedAtMs < untilMs) &&
      matchesAlert(match, toFacts(alert))
    )
  })
  return preferExact(fitting, entity).sort(byChange)
}

/** Returns what conditions of silences look at. */
export function toFacts({ rule, severity, labels, entity }: AlertSummary): AlertFacts {
  // The name of an entity without a subject is only its source.
  const parts = parseEntity(entity.includes(' ') ? entity : `${entity} `)
  return { rule, severity, labels, entity: parts }
}

function byChange(a: AlertSummary, b: AlertSummary): number {
  return Date.parse(a.changedAt) - Date.parse(b.changedAt) || byText(a.id, b.id)
}
