import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { errorLine } from '../../../lib/file-errors.ts'
import { InvalidMapping, readMapping } from '../../../lib/mapping/mapping-file.ts'
import { requiredTargets, targetsOf } from '../../../lib/mapping/targets.ts'
import { FAMILIES, type FamilyName } from '../../../lib/telemetry/families.ts'
import { deviceText } from './support.ts'

function errorsOf(text: string): readonly string[] {
  try {
    readMapping(text, 'm', 'm.yaml')
  } catch (error) {
    assert.ok(error instanceof InvalidMapping, String(error))
    return error.errors.map(one => errorLine(one))
  }
  return []
}

/** The lines of a mapping of devices, after which a test has its own. */
const TOP = 'family: device\ntime: record\n'
const fields = (more: string) => `${TOP}fields:\n  deviceId: id\n  model: model\n  ${more}\n`

describe('the file of a mapping', () => {
  it('given the least that it needs, then it has no error', () => {
    assert.deepEqual(errorsOf(deviceText()), [])
    assert.deepEqual(errorsOf(fields('x: x')), [])
  })

  for (const [given, text, ...errors] of [
    ['no YAML', 'family: [', /^m\.yaml:1:10 {2}not YAML/],
    ['nothing', '', 'm.yaml:1:1  must be a mapping with the keys family, when, id, time, fields and metric'],
    [
      'an unknown key',
      `${fields('x: x')}unit: g\n`,
      'm.yaml:7:1  unit: unknown key; there are family, when, id, time, fields and metric',
    ],
    ['no family', 'time: record\nfields: { x: x }\n', /^m\.yaml:1:1 {2}needs the key family/],
    [
      'an unknown family',
      deviceText({ family: 'weather' }),
      /family: must be environment, database or device$/,
    ],
    [
      'a field that the family does not have',
      fields('speed: v'),
      /^m\.yaml:3:1 {2}fields: nothing is measured/,
      /^m\.yaml:6:3 {2}fields\.speed: readings of device have deviceId, model, x, y, z, activity, unit, tags and tags\.NAME$/,
    ],
    [
      'no entity',
      `${TOP}fields: { model: m, x: x }\n`,
      'm.yaml:3:1  fields: deviceId is missing: specify the field that contains it, or a constant',
    ],
    [
      'an unknown key of a field',
      fields('x: { form: x }'),
      /^m\.yaml:6:8 {2}fields\.x\.form: unknown key; there are from,/,
    ],
    [
      'a field without a source',
      fields('x: { unit: g }'),
      /^m\.yaml:6:3 {2}fields\.x: needs either from or constant$/,
    ],
    ['two sources', fields('x: { from: x, constant: 1 }'), /fields\.x: needs either from or constant$/],
    [
      'a default of a constant',
      fields('x: { constant: 1, default: 2 }'),
      /x\.default: has no effect with a constant$/,
    ],
    [
      'a unit of another dimension',
      fields('x: { from: x, unit: K }'),
      /^m\.yaml:6:17 {2}fields\.x\.unit: must be one of m\/s²/,
    ],
    ['a unit of a text', fields('x: x\n  activity: { from: a, unit: g }'), /activity\.unit: is for numbers/],
    [
      'two units',
      fields('unit: u\n  x: { from: x, unit: g }'),
      /x\.unit: the record names its unit, in the field unit/,
    ],
    ['a text for a number', fields('x: { constant: one }'), /fields\.x\.constant: must be a number$/],
    ['as of another kind', fields('x: { from: x, as: text }'), /fields\.x\.as: this field is a number$/],
    ['a wrong as', fields('x: { from: x, as: int }'), /fields\.x\.as: must be number or text$/],
    ['values of another kind', fields('x: { from: x, values: { a: b } }'), /x\.values\.a: must be a number$/],
    [
      'no group in a pattern',
      fields('x: x\n  activity: { from: a, pattern: "a+" }'),
      /pattern: must have one group in parentheses, and has 0$/,
    ],
    [
      'a broken pattern',
      fields('x: x\n  activity: { from: a, pattern: "(" }'),
      /pattern: is not a regular expression that RE2 can match: missing closing \): `\(`$/,
    ],
    [
      'a pattern that looks ahead',
      fields('x: x\n  activity: { from: a, pattern: "(a(?=b))" }'),
      /pattern: is not a regular expression that RE2 can match: .*`\(\?=`$/,
    ],
    ['options of tags', fields('x: x\n  tags: { from: t, as: text }'), /tags\.as: says nothing about tags/],
    [
      'an unknown zone',
      deviceText({ time: '{ from: t, timeZone: Mars/Base }' }),
      /time\.timeZone: must be UTC, an offset/,
    ],
    [
      'a wrong offset',
      deviceText({ time: '{ from: t, timeZone: "+25:00" }' }),
      /time\.timeZone: must be UTC, an offset/,
    ],
    [
      'a disambiguation without clocks that change',
      deviceText({ time: '{ from: t, timeZone: UTC, disambiguation: later }' }),
      /time\.disambiguation: is for a timeZone with a name/,
    ],
    [
      'a wrong epoch',
      deviceText({ time: '{ from: t, epoch: days }' }),
      /time\.epoch: must be s, ms, us or ns$/,
    ],
    [
      'a time after that of the record',
      deviceText({ time: '[record, { from: t }]' }),
      /time\.0: every record has this one/,
    ],
    ['an empty id', deviceText({ id: '[]' }), /id: must be position, or a list of fields/],
    [
      'a type of Sluice',
      deviceText({ when: '{ equals: { type: io.sluice.clock.tick.v1 } }' }),
      /when\.equals\.type: events of io\.sluice\.\* are Sluice's own/,
    ],
    [
      'an unknown condition',
      deviceText({ when: '{ is: { a: 1 } }' }),
      /when\.is: unknown key; there are has, lacks and equals$/,
    ],
    [
      'a name of an unknown metric',
      deviceText({ metric: '{ name: n, value: v, names: { a: w } }' }),
      /metric\.names\.a: readings of device have x, y, z$/,
    ],
    [
      'a metric of two sources',
      deviceText({ metric: '{ name: n, value: v, names: { a: { metric: x } } }' }),
      /metric\.names\.a\.metric: x is also in fields/,
    ],
  ] as const)
    it(`given ${given}, then the error is named with line and column`, () => {
      const found = errorsOf(text)
      assert.equal(found.length, errors.length, found.join('\n'))
      for (const [index, error] of errors.entries())
        if (typeof error === 'string') assert.equal(found[index], error)
        else assert.match(found[index] ?? '', error)
    })

  it('given a status that the schema refuses, then it is named before any record is read', () => {
    const status = '{ from: s, values: { on: on } }'
    const text = `family: environment\ntime: record\nfields:\n  status: ${status}\n`
    assert.ok(
      errorsOf(text).some(line =>
        line.endsWith('fields.status.values.on: must be one of ok, degraded, maintenance'),
      ),
    )
  })
})

describe('the fields that a mapping can fill', () => {
  for (const [name, { type }] of Object.entries(FAMILIES))
    it(`given ${name}, then they are those of its schema, and those that it requires are required`, () => {
      const file = new URL(`../../../schemas/json/${type.replace('io.sluice.', '')}.json`, import.meta.url)
      const schema: Schema = JSON.parse(readFileSync(file, 'utf8'))
      const found = leaves(schema)
      assert.ok(found.length > 5)
      const own = [...targetsOf(name as FamilyName).keys()]
      assert.deepEqual(own.toSorted(), found.map(({ path }) => path).toSorted())
      const required = found.filter(leaf => leaf.isRequired).map(({ path }) => path)
      assert.deepEqual(requiredTargets(name as FamilyName).toSorted(), required.toSorted())
    })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

function leaves({ properties = {}, required = [] }: Schema): { path: string; isRequired: boolean }[] {
  return Object.entries(properties).flatMap(([name, below]) => {
    const isRequired = required.includes(name)
    if (below.properties === undefined) return [{ path: name, isRequired }]
    return leaves(below).map(leaf => ({
      path: `${name}.${leaf.path}`,
      isRequired: isRequired && leaf.isRequired,
    }))
  })
}
