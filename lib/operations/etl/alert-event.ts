/** Converts rows of the alerts topic to alert events, from which the warehouse makes its rows. Pure. */

import { isTimestamp, parseTime } from '#runtime/cloudevents/index.ts'
import type { Event } from '#runtime/consumer/index.ts'
import type { HistoryRow } from '../../history/row.ts'
import { isObject } from '../../support/json.ts'

/** Alert event. Times are in milliseconds since the epoch. Missing values are null. */
export interface AlertEvent {
  /** Kind of the event: `fired` or `resolved`. For any other event, the CloudEvents type. */
  readonly event: string
  readonly eventMs: number
  readonly alertId: string
  readonly rule: string | null
  readonly fingerprint: string | null
  readonly severity: string | null
  readonly source: string | null
  readonly subject: string | null
  readonly family: string | null
  readonly metric: string | null
  readonly value: number | null
  readonly threshold: number | null
  readonly measured: number | null
  readonly state: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly activeMs: number | null
  readonly startedMs: number | null
  readonly endedMs: number | null
  readonly reason: string | null
  readonly summary: string | null
  readonly traceId: string | null
  readonly partition: number
  readonly offset: number
}

const ALERT_TYPE = /^io\.sluice\.alert\.([a-z-]+)\.v\d+$/

/** Returns the alert event of a row; undefined if the row does not contain an event, or the event has no `alertId`. */
export function toAlertEvent(row: HistoryRow): AlertEvent | undefined {
  const { event } = row
  if (!event || !isObject(event.data)) return undefined
  const { data } = event
  const alertId = toText(data.alertId)
  if (alertId === null) return undefined
  const entity = isObject(data.entity) ? data.entity : {}
  return {
    event: ALERT_TYPE.exec(event.type)?.[1] ?? event.type,
    eventMs: event.time === undefined ? row.timestampMs : parseTime(event.time),
    alertId,
    rule: toText(data.rule),
    fingerprint: toText(data.fingerprint),
    severity: toText(data.severity),
    source: toText(entity.source),
    subject: toText(entity.subject),
    family: toText(data.family),
    metric: toText(data.metric),
    value: toNumber(data.value),
    threshold: toNumber(data.threshold),
    measured: toNumber(data.measured),
    state: toText(data.state),
    labels: toLabels(data.labels),
    activeMs: toTimeMs(data.activeAt),
    startedMs: toTimeMs(data.startedAt),
    endedMs: toTimeMs(data.endedAt),
    reason: toText(data.reason),
    summary: toText(data.summary),
    traceId: parseTraceId(event),
    partition: row.partition,
    offset: row.offset,
  }
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function toNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function toTimeMs(value: unknown): number | null {
  return typeof value === 'string' && isTimestamp(value) ? parseTime(value) : null
}

function toLabels(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([name, label]) => [name, String(label)]))
}

/** Returns the trace id in `traceparent`, which has the form `version-traceid-spanid-flags` (W3C Trace Context, section 3.2). */
function parseTraceId({ extensions }: Event): string | null {
  return extensions?.traceparent?.split('-')[1] ?? null
}
