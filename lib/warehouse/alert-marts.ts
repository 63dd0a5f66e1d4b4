/** Alerts as rows, and their view by rule. Pure. */
import {
  type Changes,
  isCountedTime,
  keyText,
  type Mart,
  type MartRow,
  type MartTable,
  type MartType,
  mergeRows,
  storable,
} from './mart.ts'

/** View with a row for each alert that fired, with the columns of `sluice sql`. */
export const ALERT_LOG: MartTable = {
  name: 'alert_log',
  description: 'Alerts that fired; resolved_ts is NULL while an alert fires',
  columns: [
    ['alert_type', 'TEXT', 'Rule'],
    ['alert_ts', 'TIMESTAMP', 'Time at which the alert fired'],
    ['sensor_id', 'TEXT', 'Subject or, without one, source of the sensor'],
    ['value', 'REAL', 'Value that fired the alert'],
    ['severity', 'TEXT', 'Severity'],
    ['resolved_ts', 'TIMESTAMP', 'Time at which the alert resolved; NULL while it fires'],
    ['duration_s', 'REAL', 'Time from firing to resolving, in seconds'],
    ['threshold', 'REAL', 'Threshold that was crossed'],
    ['reason', 'TEXT', 'Reason for firing'],
    ['resolved_reason', 'TEXT', 'Reason for resolving'],
    ['resolved_value', 'REAL', 'Value that resolved the alert'],
    ['family', 'TEXT', 'Telemetry family'],
    ['metric', 'TEXT', 'Metric'],
    ['measured', 'REAL', 'Measured value, if the rule compares a derived one'],
    ['state', 'TEXT', 'State that fired the alert, for a rule about states'],
    ['labels', 'JSON', 'Labels of the rule'],
    ['source', 'TEXT', 'CloudEvents source of the sensor'],
    ['subject', 'TEXT', 'CloudEvents subject of the sensor'],
    ['active_ts', 'TIMESTAMP', 'Time since which the condition held'],
    ['summary', 'TEXT', 'Summary'],
    ['trace_id', 'TEXT', 'Trace of the reading that fired the alert'],
    ['alert_id', 'TEXT', 'Id of the alert'],
    ['fingerprint', 'TEXT', 'Id of rule and sensor, the same for all their alerts'],
    ['partition', 'INTEGER', 'Partition of the alerts topic'],
    ['offset', 'INTEGER', 'Offset of the fired event; NULL if history does not have it'],
  ],
}

export const ALERTS: Mart = {
  name: 'alerts',
  description: 'All alerts',
  key: ['alert_id'],
  columns: ALERT_LOG.columns,
  merge: mergeAlert,
}

/** Event of an alert, as `lib/operations/etl/alert-event.ts` reads it. Times are in milliseconds since the epoch. */
export interface AlertChange {
  readonly event: string
  readonly eventMs: number
  readonly alertId: string
  readonly labels: Readonly<Record<string, string>>
  readonly partition: number
  readonly offset: number
  readonly [column: string]: unknown
}

/** Returns the rows that events of alerts add. The events of an alert must be in the order of their offsets. */
export function foldAlerts(events: Iterable<AlertChange>): Changes {
  const rows: MartRow[] = []
  for (const event of events) {
    const fields = toAlertFields(event)
    if (fields) rows.push(rowWith({ alert_id: keyText(event.alertId), ...fields }))
  }
  return new Map([[ALERTS, mergeRows(ALERTS, rows)]])
}

function toAlertFields(event: AlertChange): Record<string, unknown> | undefined {
  switch (event.event) {
    case 'fired': {
      const { value, threshold, reason, measured, state, offset, traceId } = event
      return {
        ...toSharedFields(event),
        value,
        threshold,
        reason,
        measured,
        state,
        offset,
        trace_id: traceId,
      }
    }
    case 'resolved':
      return {
        ...toSharedFields(event),
        resolved_ts: event.endedMs,
        resolved_reason: event.reason,
        resolved_value: event.value,
      }
    default:
      return undefined
  }
}

/** Returns the columns that the fired and the resolved event of an alert have in common. */
function toSharedFields(event: AlertChange): Record<string, unknown> {
  const { rule, startedMs, subject, source, severity, family, metric, labels, activeMs, summary } = event
  const times = { alert_ts: startedMs, active_ts: activeMs }
  const sensor = { sensor_id: subject ?? source, source, subject }
  const { fingerprint, partition } = event
  const facts = { severity, family, metric, summary, fingerprint, partition, labels: labelsText(labels) }
  return { alert_type: rule, ...times, ...sensor, ...facts }
}

/** Returns the labels as JSON that every target stores: in text, a code point that a target refuses would only be an escape. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const stored = Object.entries(labels).map(([name, value]) => [storable(name), storable(value)])
  return JSON.stringify(Object.fromEntries(stored))
}

function rowWith(fields: Readonly<Record<string, unknown>>): MartRow {
  return Object.fromEntries(ALERTS.columns.map(([name, type]) => [name, toStoredValue(fields[name], type)]))
}

/** Returns a value that every target stores, or null. */
function toStoredValue(value: unknown, type: MartType): string | number | null {
  if (typeof value === 'string') return storable(value)
  const isStorable = type === 'TIMESTAMP' ? isCountedTime(value as number) : Number.isFinite(value)
  return isStorable ? (value as number) : null
}

/** Merges two rows of an alert: of its fired and of its resolved events the first counts. */
function mergeAlert(earlier: MartRow, later: MartRow): MartRow {
  const facts = [earlier, later].find(isFired) ?? [earlier, later].find(isResolved) ?? earlier
  const resolved = isResolved(earlier) ? earlier : later
  const { resolved_ts = null, resolved_reason = null, resolved_value = null } = resolved
  const isOver = typeof resolved_ts === 'number' && typeof facts.alert_ts === 'number'
  return {
    ...facts,
    ...{ resolved_ts, resolved_reason, resolved_value },
    duration_s: isOver ? (resolved_ts - Number(facts.alert_ts)) / 1000 : null,
  }
}

function isFired({ offset }: MartRow): boolean {
  return offset !== null
}

function isResolved({ resolved_ts, resolved_reason }: MartRow): boolean {
  return resolved_ts !== null || resolved_reason !== null
}
