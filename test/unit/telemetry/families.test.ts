/** What follows from the file of a family: schema, entity, numbers and names. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { buildEntityData } from '../../../lib/telemetry/entity-data.ts'
import { entityErased } from '../../../lib/telemetry/erasure.ts'
import { BINARY_TYPES, EVENT_TYPE_NAMES, eventTypeRow } from '../../../lib/telemetry/event-types.ts'
import { FAMILIES, isOther, measurements } from '../../../lib/telemetry/families.ts'
import { buildFamilySchema, listFieldNumbers, toRecordName } from '../../../lib/telemetry/family-schema.ts'
import { findMetricUnit, getFamily, isOtherMetric } from '../../../lib/telemetry/metric-names.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { buildGreenhouse, GREENHOUSE } from './greenhouse.ts'

const greenhouse = buildGreenhouse()
const open = buildGreenhouse(`${GREENHOUSE}others: numbers\n`)
const SCHEMAS = new URL('../../../events/schemas/json/', import.meta.url)

describe('the schema of a family', () => {
  for (const { name, type, file } of Object.values(FAMILIES))
    it(`given ${name}, then it is the one that is published`, () => {
      const published = readFileSync(new URL(`${type.replace('io.sluice.', '')}.json`, SCHEMAS), 'utf8')
      assert.deepEqual(buildFamilySchema(file), JSON.parse(published))
    })

  const { file } = greenhouse
  const properties = {
    place: {
      type: 'object',
      required: [],
      additionalProperties: false,
      properties: { bed: { type: 'number', minimum: 1 } },
    },
    device: { type: 'string', minLength: 1 },
    soilMoisture: { type: 'number', description: '%', minimum: 0, maximum: 100 },
    batteryVoltage: { type: 'number', description: 'V' },
    valves: { type: 'integer', minimum: 0 },
    mode: { enum: ['day', 'night'] },
  }
  const names = ['soilMoisture', 'batteryVoltage', 'valves', 'mode']

  it('given tags of the entity, then they are required; a metric or a state is, too', () => {
    const { description: _, properties: found = {}, ...schema } = buildFamilySchema(file)
    const { unit, tags, ...own } = found
    assert.deepEqual(own, properties)
    assert.equal(unit?.minLength, 1)
    assert.deepEqual([tags?.required, tags?.additionalProperties], [['house'], { type: 'string' }])
    assert.deepEqual(schema, {
      ...{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: greenhouse.dataschema },
      ...{ title: 'Greenhouse reading', type: 'object', required: ['device', 'tags'] },
      ...{ anyOf: names.map(name => ({ required: [name] })), additionalProperties: false },
    })
  })

  it('given further metrics, then any other name is a number, and one of these is enough', () => {
    const { anyOf, not, additionalProperties } = buildFamilySchema(open.file)
    assert.deepEqual([anyOf, additionalProperties], [undefined, { type: 'number' }])
    assert.deepEqual(not, { propertyNames: { enum: ['device', 'place', 'unit', 'tags'] } })
  })

  it('given no list for Protobuf, then each kind has numbers of its own; a listed name has its place', () => {
    const numbers = {
      device: 110,
      place: 111,
      soilMoisture: 300,
      batteryVoltage: 301,
      valves: 302,
      mode: 200,
      unit: 100,
      tags: 101,
    }
    assert.deepEqual(listFieldNumbers(file), numbers)
    const listed = buildGreenhouse(`${GREENHOUSE}protobuf: [mode, gone, device]\n`).file
    assert.deepEqual(listFieldNumbers(listed), { ...numbers, mode: 1, device: 3 })
    assert.deepEqual(Object.keys(listFieldNumbers(listed)), [
      'mode',
      'device',
      'unit',
      'tags',
      'place',
      'soilMoisture',
      'batteryVoltage',
      'valves',
    ])
    assert.equal(toRecordName('io.acme.green-house.soil_reading.v1'), 'GreenHouseSoilReading')
  })
})

describe('what a family knows of its readings', () => {
  const own = `${GREENHOUSE}silentAfter: 5m
changesOf: mode
fallenWhen: { is: day, lasts: 90s }
restartWhen: { memory: valves, falls: 10, within: 2m }
`

  it('given its metrics and states, then their units, bounds and words, and none that is not given', () => {
    const { metrics, integers, bounds, states, others, keyedBy } = greenhouse
    assert.deepEqual({ ...metrics }, { soilMoisture: '%', batteryVoltage: 'V', valves: '' })
    assert.deepEqual([...integers], ['valves'])
    assert.deepEqual({ ...bounds }, { soilMoisture: [0, 100], valves: [0, Number.POSITIVE_INFINITY] })
    assert.deepEqual({ ...states }, { mode: ['day', 'night'] })
    assert.deepEqual([others, open.others, keyedBy], [false, true, 'instance'])
    assert.deepEqual({ ...buildGreenhouse(GREENHOUSE.replace('[day, night]', 'any')).states }, { mode: null })
    assert.deepEqual(
      { ...buildGreenhouse(GREENHOUSE.replace('min: 0, ', '')).bounds.soilMoisture },
      { 0: Number.NEGATIVE_INFINITY, 1: 100 },
    )
  })

  it('given settings of its activity, then their times are milliseconds; given none, then there are none', () => {
    assert.deepEqual(greenhouse.activity, {})
    assert.deepEqual(buildGreenhouse(own).activity, {
      ...{ silentAfterMs: 300_000, changesOf: 'mode', fall: { is: 'day', lastsMs: 90_000, through: [] } },
      restart: { memory: 'valves', falls: 10, within: '2m', withinMs: 120_000 },
    })
    assert.deepEqual(buildGreenhouse(own.replace('90s', '90s, through: [night]')).activity.fall?.through, [
      'night',
    ])
  })

  it('given a source without fields, then the name of the family is its key by type', () => {
    const family = buildGreenhouse(GREENHOUSE.replace('/greenhouse/{house}', '/greenhouse'))
    assert.equal(family.keys.type({ device: 'd' }), 'greenhouse')
    assert.equal(family.source({ device: 'd' }), '/greenhouse')
  })

  it('given a source that is not percent-encoded, then its dimension is read as it is', () => {
    assert.equal(greenhouse.inSource.house?.('/greenhouse/100%'), '100%')
    assert.equal(greenhouse.inSource.house?.('/greenhouse/a/b'), 'a/b')
  })
})

describe('the data of an entity', () => {
  for (const [given, family, described, data] of [
    ['only an id', greenhouse, {}, { device: 'd', tags: { house: 'unknown' } }],
    [
      'tags',
      greenhouse,
      { tags: { house: 'north', row: '1' } },
      { device: 'd', tags: { house: 'north', row: '1' } },
    ],
    [
      'a dimension',
      greenhouse,
      { dimensions: { house: 'north' } },
      { device: 'd', tags: { house: 'north' } },
    ],
    [
      'a dimension that the family does not have',
      greenhouse,
      { dimensions: { hall: 'north' } },
      { device: 'd', tags: { house: 'unknown' } },
    ],
    [
      'fields of other kinds',
      getFamily('environment'),
      { dimensions: { site: 's' } },
      { location: { site: 's', latitude: 0, longitude: 0 }, sensorId: 'd' },
    ],
    [
      'a tag as dimension',
      getFamily('device'),
      { dimensions: { tenant: 't' } },
      { deviceId: 'd', model: 'unknown', tags: { tenant: 't' } },
    ],
  ] as const)
    it(`given ${given}, then it has what is given, and what its source and subject need`, () => {
      const built = buildEntityData(family, 'd', described)
      assert.deepEqual(built, data)
      assert.equal(family.subject(built), 'd')
    })
})

describe('the names in a reading', () => {
  it('given further metrics, then a free name is one, and fields, states and names of all readings are not', () => {
    const names = ['speed', 'a.b', '', 'device', 'place', 'mode', 'unit', 'tags', 'valves']
    assert.deepEqual(
      names.filter(name => isOtherMetric(open, name)),
      ['speed', 'a.b'],
    )
    assert.deepEqual(
      names.filter(name => isOtherMetric(greenhouse, name)),
      [],
    )
    assert.deepEqual(
      ['speed', 'valves', 'soilMoisture', 'constructor', 'mode'].map(name =>
        findMetricUnit(greenhouse, name),
      ),
      [undefined, '', '%', undefined, undefined],
    )
    assert.deepEqual(
      ['speed', 'soilMoisture', 'unit'].map(name => findMetricUnit(open, name)),
      ['', '%', undefined],
    )
    assert.deepEqual(
      ['unit', 'tags', 'mode', 'x'].map(name => isOther(open, name)),
      [false, false, false, true],
    )
    assert.throws(() => getFamily('plant'), /no family plant/)
  })

  it('given values that are no finite numbers, then they are not measured', () => {
    const data = {
      soilMoisture: Number.NaN,
      valves: '3',
      batteryVoltage: 0,
      speed: Number.POSITIVE_INFINITY,
      x: true,
      y: 1,
      unit: 2,
      tags: 3,
    }
    assert.deepEqual(measurements(greenhouse, data), [['batteryVoltage', 0]])
    assert.deepEqual(measurements(open, data), [
      ['batteryVoltage', 0],
      ['y', 1],
    ])
  })
})

describe('types of events', () => {
  it('given families, then their readings have a row, and those with further names are JSON only', () => {
    const device = eventTypeRow(getFamily('device').type)
    assert.deepEqual(
      [device?.record, device?.topic, device?.binary?.numbers?.deviceId],
      ['DeviceMotion', 'readings', 1],
    )
    const { device: ofDevice, metrics } = FAMILIES
    assert.ok(BINARY_TYPES.includes(ofDevice?.type ?? '') && !BINARY_TYPES.includes(metrics?.type ?? ''))
    for (const { type } of Object.values(FAMILIES)) assert.ok(EVENT_TYPE_NAMES.includes(type))
    assert.equal(eventTypeRow('constructor'), undefined)
  })

  it('given an erasure or a tick, then each partition has an event of its own, and no other attribute', () => {
    const erasure = { erasureId: 'e', requestedAt: '2026-03-01T12:00:00Z', partition: 1 }
    const { id, dataschema, ...event } = entityErased({ source: '/s', subject: 'a' }, erasure)
    assert.deepEqual(event, {
      source: '/s',
      subject: 'a',
      type: 'io.sluice.entity.erased.v1',
      datacontenttype: 'application/json',
      data: erasure,
    })
    assert.match(dataschema ?? '', /entity\.erased\.v1/)
    assert.notEqual(entityErased({ source: '/s', subject: 'a' }, { ...erasure, partition: 2 }).id, id)
    assert.ok(!('subject' in entityErased({ source: '/s' }, erasure)))
    const { dataschema: _, ...ticked } = tick(1, erasure.requestedAt)
    assert.deepEqual(ticked, {
      ...{
        id: `${erasure.requestedAt}/1`,
        source: '/clock',
        type: 'io.sluice.clock.tick.v1',
        time: erasure.requestedAt,
      },
      ...{ datacontenttype: 'application/json', data: { partition: 1, scheduledFor: erasure.requestedAt } },
    })
  })
})
