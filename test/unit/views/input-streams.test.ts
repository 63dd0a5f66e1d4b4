import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { LoadedInput } from '../../../lib/intake/read-record.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { compilePlan } from '../../../lib/views/language/compile-plan.ts'
import { compileSelect } from '../../../lib/views/language/compile-select.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import { isRowOfStream } from '../../../lib/views/stream-events.ts'
import { FAMILIES } from '../../support/families.ts'

const mapping = (text: string, name = 'greenhouse') => readMapping(FAMILIES, text, name, `${name}.yaml`)
const GREENHOUSE = mapping(`family: environment
time: { from: meta.at, epoch: s }
fields:
  sensorId: { from: node, as: text }
  temperature: { from: [temp_f, temp], unit: °F }
  status: { from: { key: state }, values: { up: ok } }
  location.site: { from: place.house, default: '?' }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
  tags.bed.row: place.row
  tags: labels
`)
const NAMED = mapping(`family: metrics
time: record
metric: { name: metric_name, value: reading }
fields: { system: { constant: x }, instance: { from: { key: true } } }
`)
const KNOWN_METRICS = mapping(`family: environment
time: record
metric: { name: what, value: reading, names: { temp: temperature, hum: humidity } }
fields: { sensorId: id, location.site: { constant: x }, location.latitude: { constant: 0 }, location.longitude: { constant: 0 } }
`)
const AS = { type: 'com.example.order.v1', source: '/orders', subject: 'id', times: ['record'] as const }

const input = (loadedMappings: LoadedInput['loadedMappings'], more = {}): LoadedInput => ({
  ...{ topic: 'device-data', loadedMappings, ...more },
})

function compileStreams(columns: string, of = input([GREENHOUSE]), topic = of.topic, more = '') {
  const text = `CREATE STREAM s (${columns}) WITH (KAFKA_TOPIC = '${topic}', VALUE_FORMAT = 'JSON');${more}`
  const findSignal = (name: string) => (name === 'sluice.telemetry.alerts.local' ? 'alerts' : undefined)
  return compilePlan(FAMILIES, [{ name: 'a.sql', text }], parse, {
    inputs: new Map([[of.topic, of]]),
    findSignal,
  })
}

const compileStream = (...args: Parameters<typeof compileStreams>) => compileStreams(...args).streams[0]
const listPlaces = (...args: Parameters<typeof compileStreams>) =>
  compileStream(...args)?.columns.map(({ path, stored }) =>
    [path.join('.'), ...(stored ? [stored] : [])].join(' '),
  )

describe('a stream over an input', () => {
  // Promise config/views/README.md#streams-over-an-input | A stream over an input has the events that the input brings, also redriven ones, and the fields of its records, which the mapping reads.
  it('given one mapping, then its columns are the fields of the records, where the readings have them', () => {
    assert.deepEqual(
      listPlaces(
        'node VARCHAR KEY, TempF DOUBLE, temp DOUBLE, place STRUCT<house VARCHAR, `row` VARCHAR>, state VARCHAR',
      ),
      [
        'data.sensorId',
        'data.temperature',
        'data.temperature',
        'data.location.site',
        'data.tags.bed.row',
        'data.status',
      ],
    )
    assert.deepEqual(compileStream('node VARCHAR')?.input, 'device-data')
    assert.deepEqual(compileStream('node VARCHAR')?.signal, 'readings')
  })

  it('given members of labels, and the time, then they are tags, and the time of the event', () => {
    assert.deepEqual(
      listPlaces('labels STRUCT<zone VARCHAR, a STRUCT<b VARCHAR>>, meta STRUCT<`at` TIMESTAMP>'),
      ['data.tags.zone', 'data.tags.a.b', 'timeMs'],
    )
  })

  it('given fields of the reading that the mapping sets, then they are columns, too', () => {
    assert.deepEqual(listPlaces('sensor_id VARCHAR, temperature DOUBLE, location STRUCT<site VARCHAR>'), [
      'data.sensorId',
      'data.temperature',
      'data.location.site',
    ])
  })

  it('given a type that the records have and the readings do not, then the value is converted', () => {
    assert.deepEqual(listPlaces('node BIGINT, temp VARCHAR, place STRUCT<house BOOLEAN>'), [
      'data.sensorId VARCHAR',
      'data.temperature DOUBLE',
      'data.location.site VARCHAR',
    ])
    const plan = compileStreams(
      'node BIGINT, temp VARCHAR, house BOOLEAN',
      input([
        mapping(`family: environment
time: record
fields: { sensorId: { from: node, as: text }, temperature: temp, location.site: { from: house, as: text },
  location.latitude: { constant: 0 }, location.longitude: { constant: 0 } }`),
      ]),
    )
    const selection = compileSelect(
      'SELECT node + 1, * FROM s EMIT CHANGES'.replace(', *', ', temp, house'),
      plan,
      parse,
    )
    assert.ok('stream' in selection)
    const event = { data: { sensorId: '41', temperature: 21.5, location: { site: 'true' } } }
    assert.deepEqual(selection.selectEvent(event), [42, '21.5', true])
  })

  it('given records that name their metric, then metrics are columns, by the name in the records', () => {
    assert.deepEqual(listPlaces('instance VARCHAR, wal_bytes DOUBLE', input([NAMED])), [
      'data.instance',
      'data.wal_bytes',
    ])
    assert.deepEqual(listPlaces('host VARCHAR KEY', input([NAMED])), ['data.instance'])
    assert.deepEqual(
      listPlaces('id VARCHAR, temp DOUBLE, HUM DOUBLE, humidity DOUBLE', input([KNOWN_METRICS])),
      [...['data.sensorId', 'data.temperature', 'data.humidity', 'data.humidity']],
    )
  })

  it('given a mapping of CloudEvents, then its columns are the members of the data', () => {
    const ofEvents = mapping(
      `family: environment
when: { equals: { type: com.example.t.v1 } }
time: time
fields: { sensorId: data.node, temperature: data.t, location.site: source, location.latitude: { constant: 0 },
  location.longitude: { constant: 0 } }`.replace('time: time', 'time: { from: time }'),
    )
    assert.deepEqual(listPlaces('node VARCHAR, t DOUBLE', input([ofEvents])), [
      'data.sensorId',
      'data.temperature',
    ])
  })

  it('given several mappings, then its columns are the fields of the readings alone', () => {
    const several = input([GREENHOUSE, KNOWN_METRICS])
    assert.deepEqual(listPlaces('SENSOR_ID VARCHAR, windSpeed DOUBLE, tags STRUCT<zone VARCHAR>', several), [
      ...['data.sensorId', 'data.windSpeed', 'data.tags.zone'],
    ])
    assert.throws(
      () => compileStreams('node VARCHAR', several),
      /1:18 {2}unknown field of the input device-data, whose mappings do not set node; known: sensorId, /,
    )
  })

  it('given an input to events, then its columns are the fields of the records, with or without a schema', () => {
    const orders = (more = {}) => input([], { topic: 'orders', as: AS, ...more })
    assert.equal(compileStream('total DOUBLE', orders())?.signal, 'events')
    assert.deepEqual(listPlaces('customer_id VARCHAR, TOTAL DOUBLE', orders()), [
      'data.customer_id',
      'data.TOTAL',
    ])
    const schema = { properties: { customerId: {}, total: {} } }
    assert.deepEqual(listPlaces('customer_id VARCHAR, TOTAL DOUBLE', orders({ schema })), [
      'data.customerId',
      'data.total',
    ])
  })

  const refused: [title: string, columns: string, message: RegExp, of?: LoadedInput][] = [
    [
      'a field that the mapping does not read',
      'battery DOUBLE',
      /a\.sql:1:18 {2}unknown field of the input device-data, whose mapping greenhouse does not read battery; known: node, temp_f, /,
    ],
    ['a mistyped field', 'nod VARCHAR', /does not read nod; the nearest valid form is: node$/],
    ['another letter case in backquotes', '`NODE` VARCHAR', /does not read NODE/],
    ['a field of the reading that the mapping does not set', 'humidity DOUBLE', /does not read humidity/],
    [
      'the time as another type',
      'meta STRUCT<`at` BIGINT>',
      /meta\.at is TIMESTAMP in the events; .*: meta\.at TIMESTAMP$/,
    ],
    [
      'an object as a text',
      'labels VARCHAR',
      /labels is STRUCT<name VARCHAR> in the events; .*: labels STRUCT<name VARCHAR>$/,
    ],
    ['a number as a condition', 'temp BOOLEAN', /temp is DOUBLE in the events; .*: temp DOUBLE$/],
    ['the value of a named metric', 'reading DOUBLE', /does not read reading/, input([NAMED])],
  ]
  for (const [title, columns, message, of] of refused)
    it(`given ${title}, then the statement is refused`, () =>
      assert.throws(() => compileStreams(columns, of), message))

  it('given a topic that is no input, then the error has the entry to add', () => {
    assert.throws(() => compileStreams('a VARCHAR', undefined, 'meters'), {
      message:
        'a.sql:1:49  meters is neither a topic of Sluice nor an input. To read it, add this entry to `inputs` in config/inputs.yaml: - topic: meters',
    })
    assert.throws(() => compileStreams('a VARCHAR', undefined, 'device_data'), /KAFKA_TOPIC = 'device-data'$/)
  })

  it('given the name of a topic of Sluice in Kafka, then it is that topic', () => {
    assert.equal(compileStream('rule VARCHAR', undefined, 'sluice.telemetry.alerts.local')?.signal, 'alerts')
  })

  it('given a table, then it has the input, so that another input or mapping makes another table of it', () => {
    const table = 'CREATE TABLE t AS SELECT node, COUNT(*) AS n FROM s GROUP BY node;'
    const [first] = compileStreams('node VARCHAR', undefined, undefined, table).tables
    assert.equal(first?.input, 'device-data')
    const moved = {
      ...GREENHOUSE,
      fields: GREENHOUSE.fields.map(field =>
        field.target === 'sensorId' ? { ...field, target: 'tags.node' } : field,
      ),
    }
    for (const other of [{ ...input([GREENHOUSE]), topic: 'other' }, input([moved])])
      assert.notEqual(
        compileStreams('node VARCHAR', other, undefined, table).tables[0]?.generation,
        first?.generation,
      )
  })
})

describe('the rows of a stream over an input', () => {
  const event = (origin?: string, type = 'io.sluice.environment.reading.v1'): Event => ({
    ...{ id: '1', source: '/s', type, ...(origin && { extensions: { origin } }) },
  })
  const isRow = (event: Event, types?: readonly string[]) =>
    isRowOfStream({ input: 'device-data', ...(types && { types }) }, event)

  it('are the events whose origin is the input, also if they were redriven', () => {
    assert.ok(isRow(event('intake:c:device-data:3:t')))
    assert.ok(isRow(event('intake:c:sluice.telemetry.input-redrives.local:3:t:device-data')))
    assert.ok(!isRow(event('intake:c:device-data:3:t'), ['io.sluice.device.motion.v1']))
  })

  it('are not those of another input, consumer or producer', () => {
    for (const origin of [
      undefined,
      'intake:c:other:3:t',
      'intake:c:r:3:t:other',
      'alerting:c:device-data:3:t',
    ])
      assert.ok(!isRow(event(origin)), origin)
  })
})
