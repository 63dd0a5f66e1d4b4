import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import protobuf from 'protobufjs'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { writeBinarySchema } from '../../../lib/schemas/binary-schemas.ts'
import { InvalidFile } from '../../../lib/support/file-errors.ts'
import { measurements } from '../../../lib/telemetry/families.ts'
import { buildFamilySchema, listFieldNumbers, toRecordName } from '../../../lib/telemetry/family-schema.ts'
import { readFamilies } from '../../../lib/telemetry/parse-family.ts'
import { FAMILIES } from '../../support/families.ts'
import { goldenAnswers, listErrorLines } from '../../support/golden.ts'
import { buildGreenhouse, GREENHOUSE } from './greenhouse.ts'

const READING = { device: 'd/1', tags: { house: 'north bank' }, soilMoisture: 31.5 }

describe('given the file of a family', () => {
  const family = buildGreenhouse()

  test('then its readings have the type, entity, keys and dimensions that it describes', () => {
    assert.equal(family.type, 'io.acme.greenhouse.reading.v1')
    assert.equal(family.source(READING), '/greenhouse/north%20bank')
    assert.equal(family.subject(READING), 'd/1')
    assert.deepEqual(family.entityFields, ['tags.house', 'device'])
    const keys = Object.entries(family.keys).map(([name, key]) => [name, key(READING)])
    assert.deepEqual(keys, [
      ['instance', 'd/1'],
      ['type', 'north bank'],
      ['tenant', 'untagged'],
    ])
    assert.deepEqual(
      Object.entries(family.dimensions).map(([name, read]) => [name, read(READING)]),
      [
        ['house', 'north bank'],
        ['tenant', undefined],
      ],
    )
    assert.equal(family.inSource.house?.('/greenhouse/north%20bank'), 'north bank')
    assert.equal(family.inSource.house?.('/elsewhere/x'), undefined)
  })

  test('when a text has an unpaired surrogate, then its source has the replacement character', () => {
    const house = JSON.parse('"n\\ud800"')
    assert.equal(family.source({ ...READING, tags: { house } }), '/greenhouse/n%EF%BF%BD')
  })

  test('given `others`, then further numbers are metrics, and further texts are refused', () => {
    const open = buildGreenhouse(`${GREENHOUSE}others: numbers\n`)
    const reading = { ...READING, airFlow: 2, 'cpu.load': 0.5, place: { bed: 1 } }
    assert.deepEqual(measurements(open, reading), [
      ['soilMoisture', 31.5],
      ['airFlow', 2],
      ['cpu.load', 0.5],
    ])
    assert.deepEqual(measurements(family, reading), [['soilMoisture', 31.5]])
  })

  test('then its schema can be written as Protobuf, and a metric that is added changes no number', () => {
    const text = (source: string) => {
      const { type, file } = buildGreenhouse(source)
      const row = { record: toRecordName(type), binary: { numbers: listFieldNumbers(file) } }
      return writeBinarySchema('protobuf', type, row, buildFamilySchema(file))
    }
    const numbers = (source: string) => {
      const message = protobuf.parse(text(source)).root.lookupType('GreenhouseReading')
      return Object.fromEntries(message.fieldsArray.map(({ name, id }) => [name, id]))
    }
    const before = numbers(GREENHOUSE)
    const added = GREENHOUSE.replace('metrics:', '  row: {}\nmetrics:').replace(
      'states:',
      '  airFlow:\nstates:',
    )
    const { airFlow, row, ...after } = numbers(added)
    assert.ok(before.soilMoisture && airFlow && row)
    assert.deepEqual(after, before)
    const listed = numbers(`${GREENHOUSE}protobuf: [device, removed, soilMoisture]\n`)
    assert.deepEqual(
      [listed.device, listed.soilMoisture, listed.batteryVoltage],
      [1, 3, before.batteryVoltage],
    )
  })
})

test('given a type that no family has, then there is no violation', () => {
  assert.equal(schemaViolation(FAMILIES, 'io.acme.greenhouse.reading.v1', {}), undefined)
})

// biome-ignore format: a table
const REFUSED: readonly (readonly [what: string, from: string, to: string, error: string])[] = [
  ['a key is misspelled', 'tags:', 'tag:', '12:1  tag: unknown key. Did you mean tags?'],
  ['a metric has an unknown key', 'unit: V', 'units: V', '8:21  metrics.batteryVoltage.units: unknown key. Did you mean unit?'],
  ['a unit is unknown', "unit: '%'", 'unit: persent', '7:19  metrics.soilMoisture.unit: unknown unit persent. Did you mean percent'],
  ['a unit can be two', "'%'", 'F', '7:19  metrics.soilMoisture.unit: F can be °F or farad: write one of these'],
  ['the case of a unit is that of no unit', "'%'", 'mhz', '7:19  metrics.soilMoisture.unit: mhz can be MHz or mHz: write one of these'],
  ['a template names a number', '{device}', '{place.bed}', '3:42  entity.subject: {place.bed} is a number, but must be a text'],
  ['a template names a metric', '{device}', '{soilMoisture}', '3:42  entity.subject: {soilMoisture} is a metric, but must be a text'],
  ['a template names a state', '{device}', '{mode}', '3:42  entity.subject: {mode} is a state, which changes, but must be a field'],
  ['the subject has no field', '{device}', 'device', '3:42  entity.subject: must have a field in braces, such as {device}'],
  ['a brace is not closed', '{house}', '{house', '3:11  entity.source: has a brace without its counterpart'],
  ['the source is not a path', '/greenhouse/', 'greenhouse/', '3:11  entity.source: has the wrong form. CloudEvents source, a path'],
  ['the source has a space', '/greenhouse/', '/green house/', '3:11  entity.source: must be a URI reference'],
  ['the source has a fragment with a letter that is not ASCII', '{house}', '{house}#é', '3:11  entity.source: must be a URI reference'],
  ['two fields of a template are adjacent', '{device}', '{device}{row}', '3:42  entity.subject: must have a text between two fields'],
  ['a key names an optional field', 'fields:', "keys: { type: '{row}' }\nfields:\n  row: {}", '4:9  keys.type: {row} must be required'],
  ['the type is that of other events', 'entity:', 'type: io.sluice.alert.fired.v1\nentity:', '3:1  type: io.sluice.alert.fired.v1 is the type of events that are not readings'],
  ['there are too many states', '  mode:', `${Array.from({ length: 100 }, (_, index) => `  s${index}: any\n`).join('')}  mode:`, '10:1  states: there are at most 100 states'],
  ['there are too many metrics', '  valves:', `${Array.from({ length: 1000 }, (_, index) => `  m${index}: {}\n`).join('')}  valves:`, '6:1  metrics: there are at most 1000 metrics'],
  ['a dimension has the name of a key of rules', 'tags:', 'dimensions: { entity: device }\ntags:', '12:15  dimensions.entity: entity is a key of rules and tables'],
  ['a tag has the name of a key of rules', '[house]', '[house, value]', '12:15  tags.1: value is a key of rules and tables'],
  ['a field of the source has the name of a key of rules', '{house}', '{house}/{place.id}', '3:11  entity.source: id is a key of rules and tables'],
  ['a metric would be the prototype of an object', 'batteryVoltage', '__proto__', '8:3  metrics.__proto__: must be a name of letters'],
  ['a state would be the prototype of an object', 'mode', '__proto__', '11:3  states.__proto__: must be a name of letters'],
  ['a field would be the prototype of an object', 'fields:', "fields:\n  __proto__: {}", '5:3  fields.__proto__: must be a name, or two names'],
  ['a tag would be the prototype of an object', '[house]', '[__proto__]', '12:8  tags.0: has the wrong form'],
  ['a dimension would be the prototype of an object', 'tags:', 'dimensions: { __proto__: device }\ntags:', '12:15  dimensions.__proto__: __proto__ is a key of'],
  ['a key names an unknown field', 'fields:', "keys: { type: '{hose}' }\nfields:", '4:9  keys.type: unknown field. Did you mean house?'],
  ['a metric has the name of a field', 'batteryVoltage', 'place', '8:3  metrics.place: is also an object with fields'],
  ['a metric has the name of a common field', 'batteryVoltage', 'tags', '8:3  metrics.tags: is also the tags of a reading'],
  ['a state has the name of a metric', 'mode', 'valves', '11:3  states.valves: is also a metric'],
  ['bounds are swapped', 'min: 0, max: 100', 'min: 100, max: 0', '7:40  metrics.soilMoisture.max: is below min'],
  ['a state has no values', '[day, night]', '[]', '11:3  states.mode: must not be empty'],
  ['a dimension names an unknown field', 'tags:', 'dimensions: { bed: plaice }\ntags:', '12:15  dimensions.bed: unknown field'],
  ['a duration is not one', 'tags:', 'silentAfter: soon\ntags:', '12:1  silentAfter: must be a duration such as 90s, 5m or 1h'],
  ['changesOf names no state', 'tags:', 'changesOf: mod\ntags:', '12:1  changesOf: unknown state. Did you mean mode?'],
  ['it is no YAML', 'tags:', '\ttags:', '12:'],
]

for (const [what, from, to, error] of REFUSED)
  test(`given that ${what}, then the error names file, line and the nearest valid word`, () => {
    const text = GREENHOUSE.replace(from, to)
    assert.notEqual(text, GREENHOUSE)
    assert.throws(
      () => readFamilies([{ file: 'greenhouse.yaml', text }], 'acme'),
      (thrown: unknown) => {
        assert.ok(thrown instanceof InvalidFile)
        assert.ok(thrown.message.includes(`\n  greenhouse.yaml:${error}`), thrown.message)
        return true
      },
    )
  })

test('given files with errors, then each error is named with line and column', () =>
  goldenAnswers('families', text =>
    listErrorLines(() => readFamilies([{ file: 'g.yaml', text: `${text}\n` }], 'acme')),
  ))

test('given bounds of what is allowed, then the families are read as they are', () => {
  const text = `family: g
entity: { source: '/g', subject: '{d}/{p.q}' }
fields: { p.q: {}, p.r: { required: true, type: number, min: 1, max: 1 } }
states: { s: [a, b] }
changesOf: s
fallenWhen: { is: a, lasts: 1m, through: [b] }
`
  const [family] = readFamilies([{ file: 'g.yaml', text }], 'acme')
  assert.equal(family?.type, 'io.acme.g.reading.v1')
  const named = text.replace('entity:', 'type: a.b.v1\nentity:')
  assert.equal(readFamilies([{ file: 'g.yaml', text: named }], 'acme')[0]?.type, 'a.b.v1')
})

test('given two families with one name and type, then the later one is refused', () => {
  const files = ['a.yaml', 'b.yaml'].map(file => ({ file, text: GREENHOUSE }))
  assert.throws(() => readFamilies(files, 'acme'), {
    message: [
      '2 errors in the families:',
      '  b.yaml:2:1  family: greenhouse is also the name of the family in a.yaml',
      '  b.yaml:2:1  type: io.acme.greenhouse.reading.v1 is also the type of the family in a.yaml',
    ].join('\n'),
  })
})

test('given types of two families with one record name, then the later one is refused, except for versions of one type', () => {
  const read = (...types: string[]) =>
    readFamilies(
      types.map((type, index) => ({
        file: `${index}.yaml`,
        text: `family: f${index}\ntype: ${type}\nentity: { source: /f, subject: '{d}' }\nmetrics: { m: {} }\n`,
      })),
      'acme',
    )
  assert.throws(() => read('com.sensor.data', 'org.sensor.data'), {
    message: /1\.yaml:2:1 {2}type: SensorData is also the name of the record .* of the family in 0\.yaml$/,
  })
  assert.equal(read('com.sensor.data', 'com.sensor.status', 'com.sensor.data.v2').length, 3)
})
