/** Events of one alert for tests. They refer to the same entity and have the form in which alerting publishes them. */

import { type Event, formatEntity } from '#runtime/consumer'
import {
  ALERT_FIRED_TYPE,
  type Alert,
  emitAlert,
  type FiredAlert,
  resolvedAlert,
} from '../../lib/alerting/alert.ts'
import { collectEmission } from './step-calls.ts'

let count = 0

/** Returns `a-1`, an alert of HIGH_TEMP that began at noon. */
export function firstAlert(changes: Partial<FiredAlert> = {}): FiredAlert {
  return {
    alertId: 'a-1',
    fingerprint: 'f-1',
    rule: 'HIGH_TEMP',
    severity: 'critical',
    status: 'firing',
    labels: { team: 'ops' },
    summary: 'Extreme heat at s-1',
    entity: { source: '/environment/test-site', subject: 's-1' },
    family: 'environment',
    metric: 'temperature',
    value: 41,
    threshold: 40,
    activeAt: '2026-03-01T11:58:00.000Z',
    startedAt: '2026-03-01T12:00:00.000Z',
    reason: 'condition',
    ...changes,
  }
}

export function fired(alert: FiredAlert, changes: Partial<Event> = {}): Event<Alert> {
  return { ...createEvent(alert, alert.startedAt), ...changes } as Event<Alert>
}

/** Returns the event that resolves an alert, one hour after it fired, caused by a value of 30. */
export function resolved(alert: FiredAlert, changes: Partial<Event> = {}): Event<Alert> {
  const endedAtMs = Date.parse(alert.startedAt) + 3_600_000
  const ended = resolvedAlert(alert, endedAtMs, 'cleared', { value: 30, threshold: 40 })
  return { ...createEvent(ended, ended.endedAt), ...changes } as Event<Alert>
}

function createEvent(alert: Alert, time: string): Event<Alert> {
  const {
    name: _,
    to: __,
    key: ___,
    ...event
  } = collectEmission(step => emitAlert(step, alert, { entity: formatEntity(alert.entity) }))
  count += 1
  return { ...event, id: `${alert.status}-${count}`, time, datacontenttype: 'application/json', data: alert }
}

/** Returns a firing alert. `at` is in seconds after the start. */
export function alertFired(id: string, { at = 0 }: { at?: number } = {}): Event<FiredAlert> {
  const time = new Date(Date.UTC(2026, 2, 1, 12, 0, at)).toISOString()
  const entity = { source: '/environment/test-site', subject: 's-1' }
  return {
    id,
    source: '/alerting',
    type: ALERT_FIRED_TYPE,
    subject: 'HIGH_TEMP s-1',
    time,
    datacontenttype: 'application/json',
    data: {
      alertId: `alert-${id}`,
      fingerprint: 'HIGH_TEMP-s-1',
      rule: 'HIGH_TEMP',
      severity: 'critical',
      status: 'firing',
      labels: {},
      summary: 'Extreme heat at s-1: 41 °C, above 40 °C',
      entity,
      family: 'environment',
      metric: 'temperature',
      value: 41,
      threshold: 40,
      activeAt: time,
      startedAt: time,
      reason: 'condition',
    },
  }
}
