/** Reads the events of the alerts topic. */

import { isFailure, type LogRecord, parseTime, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../../lib/alerting/index.ts'

/** Alert event with its time. */
export interface FoundAlert {
  readonly alert: Alert
  /** Event time, RFC 3339. */
  readonly time?: string
  /** Event time in milliseconds since the epoch. If the event has no time, the record's timestamp is used. */
  readonly timeMs: number
}

/** Returns the alert in a record; undefined if the record is not an alert event. */
export function readAlert(record: LogRecord): FoundAlert | undefined {
  const event = readEvent(record)
  const alert = isFailure(event) ? undefined : getAlert(event)
  if (isFailure(event) || !alert) return undefined
  const { time } = event
  return { alert, ...(time !== undefined && { time }), timeMs: getTimeMs({ event, record }) }
}

/** Returns the time of an event in milliseconds since the epoch; that of its record if the event has none. */
export function getTimeMs({
  event: { time },
  record,
}: {
  readonly event: Event
  readonly record: LogRecord
}): number {
  return time === undefined ? record.timestampMs : parseTime(time)
}

/** Returns the alert in an event; undefined if the event is not an alert event. */
export function getAlert({ type, data }: Event): Alert | undefined {
  return (type === ALERT_FIRED_TYPE || type === ALERT_RESOLVED_TYPE) && isAlert(data) ? data : undefined
}

/** Returns whether the data is an alert. Any client can write to the topic, so all displayed fields are validated. */
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
