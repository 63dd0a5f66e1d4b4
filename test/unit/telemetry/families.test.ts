/** What follows from the file of a family: schema, entity, numbers and names. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { buildEntityData } from '../../../lib/telemetry/entity-data.ts'
import { listBinaryTypes, listEventTypes } from '../../../lib/telemetry/event-types.ts'
import { isOther, measurements } from '../../../lib/telemetry/families.ts'
import { buildFamilySchema, listFieldNumbers, toRecordName } from '../../../lib/telemetry/family-schema.ts'
import { findMetricUnit, isOtherMetric } from '../../../lib/telemetry/metric-names.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'
import { buildGreenhouse, GREENHOUSE } from './greenhouse.ts'

const greenhouse = buildGreenhouse()
const open = buildGreenhouse(`${GREENHOUSE}others: numbers\n`)
const SCHEMAS = new URL('../../../events/schemas/json/', import.meta.url)

describe('the schema of a family', () => {
  for (const { name, type, file } of FAMILIES.all)
    it(`given ${name}, then it is the one that is published`, () => {
      const published = readFileSync(new URL(`${type.replace('io.sluice.', '')}.json`, SCHEMAS), 'utf8')
      assert.deepEqual(buildFamilySchema(file), JSON.parse(published))
    })

  it('given a family of a user, then its schema, numbers, units, bounds and times are those of its file', () => {
    const own = `${GREENHOUSE}silentAfter: 5m
changesOf: mode
fallenWhen: { is: day, lasts: 90s }
restartWhen: { memory: valves, falls: 10, within: 2m }
protobuf: [mode, gone, device]
`
    const families = {
      greenhouse,
      open,
      listed: buildGreenhouse(own.replace('[day, night]', 'any').replace('min: 0, ', '')),
    }
    const lines = Object.values(families).flatMap(
      ({ file, metrics, integers, bounds, states, others, keyedBy, activity }) => [
        ...[
          buildFamilySchema(file),
          listFieldNumbers(file),
          metrics,
          [...integers],
          bounds,
          states,
          others,
          keyedBy,
          activity,
        ],
      ],
    )
    golden('family', `${lines.map(line => JSON.stringify(line)).join('\n')}\n`)
    const names = [
      ...['io.acme.green-house.soil_reading.v1', 'com.sensor.data', 'com.sensor.status.v12', 'Temperature'],
      ...['a.3d', 'a.3d.x', 'v1', 'a._.-', 'com.x.v2x'],
    ]
    assert.deepEqual(names.map(toRecordName), [
      ...['GreenHouseSoilReading', 'SensorData', 'SensorStatus', 'Temperature'],
      ...['A3d', 'Reading3dX', 'V1', 'A', 'XV2x'],
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
  // biome-ignore format: a table
  for (const [given, family, described, data] of [
    ['only an id', greenhouse, {}, { device: 'd', tags: { house: 'unknown' } }],
    ['tags', greenhouse, { tags: { house: 'north', row: '1' } }, { device: 'd', tags: { house: 'north', row: '1' } }],
    ['a dimension', greenhouse, { dimensions: { house: 'north' } }, { device: 'd', tags: { house: 'north' } }],
    ['a dimension that the family does not have', greenhouse, { dimensions: { hall: 'north' } }, { device: 'd', tags: { house: 'unknown' } }],
    ['fields of other kinds', FAMILIES.get('environment'), { dimensions: { site: 's' } }, { location: { site: 's', latitude: 0, longitude: 0 }, sensorId: 'd' }],
    ['a tag as dimension', FAMILIES.get('device'), { dimensions: { tenant: 't' } }, { deviceId: 'd', model: 'unknown', tags: { tenant: 't' } }],
  ] as const)
    it(`given ${given}, then it has what is given, and what its source and subject need`, () => {
      const built = buildEntityData(family, 'd', described)
      assert.deepEqual(built, data)
      assert.equal(family.subject(built), 'd')
    })
})

describe('the names in a reading', () => {
  it('given further metrics, then a free name is one, and fields, states and names of all readings are not', () => {
    // biome-ignore format: a table
    for (const [name, isFurther, unit, unitOfOpen] of [
      ['speed', true, undefined, ''],
      ['a.b', true, undefined, ''],
      ['', false, undefined, undefined],
      ['device', false, undefined, undefined],
      ['place', false, undefined, undefined],
      ['mode', false, undefined, undefined],
      ['unit', false, undefined, undefined],
      ['tags', false, undefined, undefined],
      ['constructor', true, undefined, ''],
      ['valves', false, '', ''],
      ['soilMoisture', false, '%', '%'],
    ] as const) {
      assert.equal(isOtherMetric(open, name), isFurther, name)
      assert.ok(!isOtherMetric(greenhouse, name))
      assert.deepEqual([findMetricUnit(greenhouse, name), findMetricUnit(open, name)], [unit, unitOfOpen])
    }
    assert.ok(isOther(open, 'x') && !isOther(open, 'unit') && !isOther(open, 'tags'))
    assert.throws(() => FAMILIES.get('plant'), /no family plant/)
  })

  it('given values that are no finite numbers, then they are not measured', () => {
    const odd = { soilMoisture: Number.NaN, valves: '3', speed: Number.POSITIVE_INFINITY, x: true }
    const data = { ...odd, batteryVoltage: 0, y: 1, unit: 2, tags: 3 }
    assert.deepEqual(measurements(greenhouse, data), [['batteryVoltage', 0]])
    assert.deepEqual(measurements(open, data), [
      ['batteryVoltage', 0],
      ['y', 1],
    ])
  })
})

describe('types of events', () => {
  it('given families, then their readings have a row, and those with further names are JSON only', () => {
    const device = listEventTypes(FAMILIES).get(FAMILIES.get('device').type)
    assert.deepEqual(
      [device?.record, device?.topic, device?.binary?.numbers?.deviceId],
      ['DeviceMotion', 'readings', 1],
    )
    const { device: ofDevice, metrics } = FAMILIES.byName
    assert.ok(
      listBinaryTypes(FAMILIES).includes(ofDevice?.type ?? '') &&
        !listBinaryTypes(FAMILIES).includes(metrics?.type ?? ''),
    )
    for (const { type } of FAMILIES.all) assert.ok([...listEventTypes(FAMILIES).keys()].includes(type))
    assert.equal(listEventTypes(FAMILIES).get('constructor'), undefined)
  })

  it('given a tick, then each partition has an event of its own, and no other attribute', () => {
    const time = '2026-03-01T12:00:00Z'
    const { dataschema: _, ...ticked } = tick(1, time)
    assert.deepEqual(ticked, {
      id: `${time}/1`,
      source: '/clock',
      type: 'io.sluice.clock.tick.v1',
      time,
      datacontenttype: 'application/json',
      data: { partition: 1, scheduledFor: time },
    })
  })
})
