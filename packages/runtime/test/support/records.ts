/** Records, batches and events for tests. All properties have valid defaults. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import { logRecord as recordOf } from '../../testing/records.ts'

export { kafkaEvent } from '../../testing/records.ts'

export const TOPIC = 'sluice.telemetry.readings.test'
const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** Returns an environment reading of one sensor. `at` is in seconds after the start. */
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

/** Returns an erasure of a sensor, as earlier versions appended it to each partition. */
export function erased(sensor: string): Event {
  return {
    id: `erasure of ${sensor}`,
    source: '/environment/test-site',
    subject: sensor,
    type: 'io.sluice.entity.erased.v1',
    datacontenttype: 'application/json',
    data: { erasureId: 'e1', requestedAt: '2026-03-01T12:00:00Z', partition: 0 },
  }
}

/** Returns a database reading of one instance. `at` is in seconds after the start; all other options are metrics. */
export function databaseReading(
  id: string,
  {
    instance = 'db-1',
    at = 0,
    ...measured
  }: { instance?: string; at?: number } & Readonly<Record<string, unknown>> = {},
): Event<Readonly<Record<string, unknown>>> {
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

/** Returns a record of the readings topic. Records at consecutive offsets are appended one second apart. */
export function logRecord(
  offset: number,
  content: Parameters<typeof recordOf>[1],
  place: Partial<Parameters<typeof recordOf>[2]> = {},
): LogRecord {
  return recordOf(offset, content, { topic: TOPIC, ...place })
}
