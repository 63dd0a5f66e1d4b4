/** Records, batches and events for tests. Anything that is not given gets a valid default. */

import { ALERT_FIRED_TYPE, type FiredAlert } from '../../lib/alerting/alert.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import type { KafkaEvent, KafkaEventRecord } from '../../lib/runtime/pipeline/receive.ts'
import type { DatabaseReading } from '../../lib/telemetry/families.ts'

export const TOPIC = 'sluice.telemetry.readings.test'
const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** An environment reading of one sensor; `at` is in seconds after the start. */
export function environmentReading(
  id: string,
  {
    sensor = 's-1',
    at = 0,
    temperature = 20,
    ...rest
  }: Partial<Event> & { sensor?: string; at?: number; temperature?: number } = {},
): Event {
  return {
    id,
    source: '/environment/test-site',
    type: 'io.sluice.environment.reading.v1',
    subject: sensor,
    time: new Date(START_MS + at * 1000).toISOString(),
    datacontenttype: 'application/json',
    data: { sensorId: sensor, temperature, location: { site: 'test-site', latitude: 52.5, longitude: 13.4 } },
    ...rest,
  }
}

/** A database reading of one instance; `at` is in seconds after the start, other options are its metrics. */
export function databaseReading(
  id: string,
  {
    instance = 'db-1',
    at = 0,
    ...measured
  }: { instance?: string; at?: number } & Omit<
    Partial<DatabaseReading>,
    'instanceId' | 'databaseType' | 'tenant'
  > = {},
): Event<DatabaseReading> {
  return {
    id,
    source: '/database/postgres',
    type: 'io.sluice.database.reading.v1',
    subject: instance,
    time: new Date(START_MS + at * 1000).toISOString(),
    datacontenttype: 'application/json',
    data: {
      databaseType: 'postgres',
      instanceId: instance,
      tenant: 'test',
      cpuUsagePercent: 20,
      ...measured,
    },
  }
}

/** An alert that fires; `at` is in seconds after the start. */
export function alertFired(id: string, { at = 0 }: { at?: number } = {}): Event<FiredAlert> {
  const time = new Date(START_MS + at * 1000).toISOString()
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
      firedAt: time,
    },
  }
}

/** A record of the log. Records at consecutive offsets are appended one second apart. */
export function logRecord(
  offset: number,
  content: Event | Partial<Pick<LogRecord, 'key' | 'value' | 'headers'>>,
  place: Partial<Pick<LogRecord, 'topic' | 'partition' | 'timestampMs'>> = {},
): LogRecord {
  const written = 'type' in content ? writeEvent(content as Event) : content
  return {
    topic: TOPIC,
    partition: 0,
    timestampMs: START_MS + 3_600_000 + offset * 1000,
    key: 'subject' in content ? Buffer.from(String(content.subject)) : null,
    value: null,
    headers: [],
    ...written,
    ...place,
    offset,
  }
}

/** The records as Lambda passes them to a function. */
export function kafkaEvent(records: readonly LogRecord[]): KafkaEvent {
  const groups: Record<string, KafkaEventRecord[]> = {}
  for (const record of records) {
    const name = `${record.topic}-${record.partition}`
    groups[name] ??= []
    groups[name].push(eventRecord(record))
  }
  return { records: groups }
}

function eventRecord({
  topic,
  partition,
  offset,
  timestampMs,
  key,
  value,
  headers,
}: LogRecord): KafkaEventRecord {
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}
