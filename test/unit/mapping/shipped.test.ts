import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure, readEvent, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { FAMILIES } from '../../support/families.ts'
import { SHIPPED_MAPPINGS } from '../../support/shipped-config.ts'
import { foreignRecord, mapFailure, mapReading, read, shipped, shippedText } from './support.ts'

/** The records as their producers write them. */
const METRIC = {
  timestamp: '2025-01-16T10:30:45Z',
  database_type: 'postgresql',
  instance_id: 'db-1',
  metric_name: 'cpu_usage_percent',
  value: 72.5,
  tags: { environment: 'production' },
}
const VALUE = {
  timestamp: 1737023445.25,
  sensor_id: 'sensor-1',
  value: 22.5,
  metadata: { room: '101', floor: { level: 3 } },
}
const PLAIN = { sensor_id: 'ws_001', temperature: 25.5 }
const STATION = {
  sensor_id: 'sensor-1',
  timestamp: '2025-01-16T10:30:45.123456',
  temperature: 22.5,
  humidity: 65,
  pressure: 1013.25,
  location: { latitude: 40.7, longitude: -74 },
  status: 'active',
}
const MOTION = { model: 'nexus4', x: -5.958191, y: 0.6880646, z: 8.135345, activity: 'stand' }
const WEATHER = { station: 'roof-1', time: '2025-01-16T11:30:45+01:00', temp: 22.5, wind_speed: 12 }
const CLOUDEVENT = {
  type: 'com.sensor.data',
  source: '/sensor/temperature/room1',
  id: 'sensor-123-2025-01-16T10:30:45.123Z',
  subject: 'room/living_room',
  dataschema: 'https://schema.example.com/sensor-data',
  data: { temperature: 22.5, humidity: 65, unit: 'celsius' },
}

/** Mapped records: source, subject, time and data. */
const EXPECTED: Readonly<
  Record<
    string,
    readonly [record: object, source: string, subject: string, time: string | undefined, data: object]
  >
> = {
  'database-metrics': [
    METRIC,
    '/database/postgresql',
    'db-1',
    '2025-01-16T10:30:45Z',
    {
      databaseType: 'postgresql',
      instanceId: 'db-1',
      tenant: 'default',
      cpuUsagePercent: 72.5,
      tags: { environment: 'production' },
    },
  ],
  'sensor-value': [
    VALUE,
    '/environment/unknown',
    'sensor-1',
    '2025-01-16T10:30:45.250Z',
    {
      sensorId: 'sensor-1',
      temperature: 22.5,
      location: { site: 'unknown', latitude: 0, longitude: 0 },
      tags: { room: '101', 'floor.level': '3' },
    },
  ],
  'plain-sensor': [
    PLAIN,
    '/environment/unknown',
    'ws_001',
    undefined,
    {
      sensorId: 'ws_001',
      temperature: 25.5,
      location: { site: 'unknown', latitude: 0, longitude: 0 },
    },
  ],
  'named-metric': [
    {
      timestamp: '2025-01-16T10:30:45Z',
      database_type: 'postgresql',
      instance_id: 'db-1',
      metric_name: 'wal_lag_bytes',
      value: 12,
    },
    '/metrics/postgresql',
    'db-1',
    '2025-01-16T10:30:45Z',
    { system: 'postgresql', instance: 'db-1', wal_lag_bytes: 12 },
  ],
  'sensor-room': [
    { ...STATION, location: 'hall-1' },
    '/environment/hall-1',
    'sensor-1',
    '2025-01-16T10:30:45.123456Z',
    {
      sensorId: 'sensor-1',
      temperature: 22.5,
      humidity: 65,
      pressure: 1013.25,
      location: { site: 'hall-1', latitude: 0, longitude: 0 },
      status: 'ok',
    },
  ],
  'sensor-reading': [
    STATION,
    '/environment/unknown',
    'sensor-1',
    '2025-01-16T10:30:45.123456Z',
    {
      sensorId: 'sensor-1',
      temperature: 22.5,
      humidity: 65,
      pressure: 1013.25,
      location: { site: 'unknown', latitude: 40.7, longitude: -74 },
      status: 'ok',
    },
  ],
  device: [
    MOTION,
    '/device/nexus4',
    'nexus4',
    undefined,
    { deviceId: 'nexus4', model: 'nexus4', x: -5.958191, y: 0.6880646, z: 8.135345, activity: 'stand' },
  ],
  weather: [
    WEATHER,
    '/environment/roof-1',
    'roof-1',
    '2025-01-16T11:30:45+01:00',
    {
      sensorId: 'roof-1',
      temperature: 22.5,
      windSpeed: 12,
      location: { site: 'roof-1', latitude: 0, longitude: 0 },
    },
  ],
  'named-cloudevent': [
    CLOUDEVENT,
    '/environment/living_room',
    'sensor-123',
    '2025-01-16T10:30:45.123Z',
    {
      sensorId: 'sensor-123',
      temperature: 22.5,
      humidity: 65,
      location: { site: 'living_room', latitude: 0, longitude: 0 },
      tags: { source: '/sensor/temperature/room1' },
    },
  ],
  'sensor-cloudevent': [
    { ...CLOUDEVENT, id: '7f0e', time: '2025-01-16T10:30:45.123Z' },
    '/environment/living_room',
    'room1',
    '2025-01-16T10:30:45.123Z',
    {
      sensorId: 'room1',
      temperature: 22.5,
      humidity: 65,
      location: { site: 'living_room', latitude: 0, longitude: 0 },
      tags: { source: '/sensor/temperature/room1' },
    },
  ],
}

/** Mappings that take what others leave. */
const GENERAL = ['named-metric', 'sensor-cloudevent']

describe('the mappings that ship', () => {
  it('given their folder, then each has a record here', () => {
    assert.deepEqual(SHIPPED_MAPPINGS, Object.keys(EXPECTED).toSorted())
  })

  for (const [name, [record, source, subject, time, data]] of Object.entries(EXPECTED)) {
    it(`given ${name} and its record as it is, then it is this reading`, () => {
      const event = mapReading(shipped(name), record)
      assert.deepEqual([event.source, event.subject, event.time], [source, subject, time])
      assert.deepEqual(event.data, data)
    })

    it(`given the record that the file of ${name} shows, then it is a reading, too`, () => {
      // The lines of the record are indented, and the sentences around it are not.
      const comment =
        shippedText(name)
          .match(/^# {3,}.*$/gm)
          ?.join('\n') ?? ''
      const shown = JSON.parse(comment.replaceAll(/^#/gm, ''))
      assert.equal(mapReading(shipped(name), shown).source, source)
    })
  }

  it('given all of them, then each record is taken by one alone, or by the general one as the last', () => {
    const all = SHIPPED_MAPPINGS.map(shipped)
    for (const [name, [record, source]] of Object.entries(EXPECTED)) {
      const able = all.filter(mapping => !isFailure(read(mapping, foreignRecord(record))))
      const takers = able.filter((mapping, index) => index === 0 || !GENERAL.includes(mapping.name))
      assert.deepEqual(
        takers.map(mapping => mapping.name),
        [name],
      )
      const event = read(all, foreignRecord(record)) as Event
      assert.equal(event.source, source)
    }
  })
})

describe('other forms of the same records', () => {
  for (const [given, name, record, subject, time] of [
    [
      'a sensor in the data of an event',
      'sensor-cloudevent',
      {
        ...CLOUDEVENT,
        source: '/sensors',
        id: 'a',
        data: { sensor_id: 's-7', timestamp: 0, temperature: 1 },
      },
      's-7',
      '1970-01-01T00:00:00.000Z',
    ],
    ['seconds', 'sensor-reading', { ...STATION, timestamp: 0.5 }, 'sensor-1', '1970-01-01T00:00:00.500Z'],
    ['a metric without a time', 'named-metric', { ...METRIC, timestamp: undefined }, 'db-1', undefined],
    ['one of a database', 'database-metrics', { ...METRIC, timestamp: undefined }, 'db-1', undefined],
  ] as const)
    it(`given ${given}, then ${name} takes its time and its entity`, () => {
      const event = mapReading(shipped(name), record)
      assert.deepEqual([event.subject, event.time], [subject, time])
    })
})

describe('records that do not fit', () => {
  it('given another metric, then it is a failure that does not quote the record', () => {
    assert.equal(
      mapFailure(shipped('database-metrics'), { ...METRIC, metric_name: 'secret' }),
      'mapping-failed: mapping database-metrics: "metric_name" names a metric that the mapping does not know',
    )
  })

  it('given each metric by its name, then the reading has that metric alone', () => {
    const mapping = shipped('database-metrics')
    for (const [name, metric] of [
      ['memory_usage_percent', 'memoryUsagePercent'],
      ['active_connections', 'activeConnections'],
      ['query_latency_ms', 'queryLatencyMs'],
      ['replication_lag_seconds', 'replicationLagSeconds'],
    ] as const) {
      const { data } = mapReading(mapping, { ...METRIC, metric_name: name, value: 17 })
      const { tags: _, databaseType, instanceId, tenant, ...metrics } = data as Record<string, unknown>
      assert.deepEqual(metrics, { [metric]: 17 })
    }
  })

  for (const [given, name, record, message] of [
    [
      'an unknown status',
      'sensor-reading',
      { ...STATION, status: 'melted' },
      /"status" has a value that the mapping does not know$/,
    ],
    ['a text for a number', 'sensor-reading', { ...STATION, humidity: '65' }, /"humidity" must be a number$/],
    [
      'an unknown unit',
      'weather',
      { ...WEATHER, unit: 'warm' },
      /^unit-mismatch: "unit" is warm \(unknown\), but the reading has temperature \(°C\)/,
    ],
    ['no time', 'sensor-value', { ...VALUE, timestamp: undefined }, /"timestamp" is missing$/],
    [
      'a time in words',
      'sensor-value',
      { ...VALUE, timestamp: 'today' },
      /"timestamp" is not a date with a time of day$/,
    ],
    [
      'milliseconds for seconds',
      'sensor-value',
      { ...VALUE, timestamp: 1737023445000 },
      /"timestamp" is not between the years/,
    ],
    ['a list for tags', 'database-metrics', { ...METRIC, tags: ['a'] }, /"tags" must be an object$/],
    ['no value', 'database-metrics', { ...METRIC, value: null }, /"value" is missing$/],
  ] as const)
    it(`given ${given}, then it is a failure that names the field`, () => {
      assert.match(mapFailure(shipped(name), record), message)
    })

  it('given a unit, then values are converted to those of the family', () => {
    const data = mapReading(shipped('weather'), { ...WEATHER, temp: 212, unit: 'F' }).data as {
      temperature: number
    }
    assert.equal(data.temperature, 100)
  })
})

describe('a CloudEvent of another type', () => {
  const event: Event = {
    ...CLOUDEVENT,
    time: '2025-01-16T10:30:46Z',
    datacontenttype: 'application/json',
    extensions: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  }
  const mapping = shipped('sensor-cloudevent')

  for (const mode of ['binary', 'structured'] as const)
    it(`given it in ${mode} mode, then its reading has its time and trace, and an id of its identity`, () => {
      const written = writeEvent(event, mode)
      const found = readEvent(written)
      assert.ok(!isFailure(found))
      const first = read(mapping, foreignRecord(written.value), found) as Event
      const other = read(mapping, foreignRecord(written.value, { offset: 8 }), found) as Event
      assert.equal(first.type, 'io.sluice.environment.reading.v1')
      assert.equal(first.time, '2025-01-16T10:30:46Z')
      assert.deepEqual(first.extensions, event.extensions)
      assert.equal(first.id, other.id, 'a producer that sends it again does not make another one')
      assert.equal(schemaViolation(FAMILIES, first.type, first.data), undefined)
      const another = { ...found, source: '/sensor/temperature/room2' }
      assert.notEqual((read(mapping, foreignRecord(written.value), another) as Event).id, first.id)
    })

  it('given a type that no mapping names, then it is a failure, whatever its data', () => {
    const all = SHIPPED_MAPPINGS.map(shipped)
    const own = { ...event, type: 'com.other', data: MOTION, model: 'm', x: 1, y: 2, z: 3 }
    assert.ok(isFailure(read(all, foreignRecord(MOTION), own)))
  })
})
