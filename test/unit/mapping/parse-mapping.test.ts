import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { getTargets, requiredTargets } from '../../../lib/mapping/target-fields.ts'
import { FAMILIES, parseFamilies } from '../../support/families.ts'
import { goldenAnswers, listErrorLines } from '../../support/golden.ts'
import { GREENHOUSE } from '../telemetry/greenhouse.ts'
import { deviceText } from './support.ts'

const listErrors = (text: string) => listErrorLines(() => readMapping(FAMILIES, text, 'm', 'm.yaml'))

/** The lines of a mapping of devices, after which a test has its own. */
const TOP = 'family: device\ntime: record\n'
const fields = (more: string) => `${TOP}fields:\n  deviceId: id\n  model: model\n  ${more}\n`

describe('the file of a mapping', () => {
  it('given the least that it needs, then it has no error', () => {
    assert.equal(listErrors(deviceText()), 'no error')
    assert.equal(listErrors(fields('x: x')), 'no error')
  })

  const device = (more: string) => `${TOP}fields: { deviceId: id, model: model, ${more} }\n`
  // biome-ignore format: a table
  for (const [given, text] of [
    ['times', device('x: x').replace('record', '[{ from: [a, b], epoch: s }, { from: c, pattern: "(.+)Z" }, record]')],
    ...['UTC', 'utc', 'z', '+05:30', '-23:59', 'Etc/UTC', 'Europe/Berlin, disambiguation: later'].map(
      zone => [`the zone ${zone}`, deviceText({ time: `{ from: at, timeZone: ${zone} }` })] as const,
    ),
    ['a position as id', deviceText({ id: 'position' })],
    ['fields as id', deviceText({ id: '[a, b.c]' })],
    ['conditions', deviceText({ when: '{ has: [a], lacks: [b], equals: { c: 1, d: x, e: true, type: a.b } }' })],
    ['texts', device('x: x, tags: t, tags.a: { from: v, as: text, default: d }, activity: { constant: c }')],
    ['numbers', device('x: { from: x, as: decimal-comma, default: 1, scale: 2, offset: 3, unit: g }, y: { from: x, as: number, values: { a: 1 } }')],
    ['a state in its words', 'family: environment\ntime: record\nfields: { sensorId: s, location.site: s, location.latitude: { constant: 1 }, location.longitude: { constant: 1 }, status: { from: s, default: ok, values: { a: degraded } } }'],
    ['named metrics alone', `${TOP}fields: { deviceId: id, model: model }\nmetric: { name: n, value: v, names: { a: x, b: { metric: y, unit: g, scale: 2, offset: 1, as: number } } }`],
    ['metrics of any name', 'family: metrics\ntime: record\nfields: { system: s, instance: i }\nmetric: { name: n, value: v }'],
    ['a metric that is in no list', 'family: metrics\ntime: record\nfields: { system: s, instance: i, speed: v }'],
  ] as const)
    it(`given ${given}, then it has no error`, () => assert.equal(listErrors(text), 'no error'))

  it('given a tag that the entity needs, then the tag itself or all tags can fill it', () => {
    const families = parseFamilies(GREENHOUSE)
    const read = (tags: string) => () =>
      readMapping(
        families,
        `family: greenhouse\ntime: record\nfields: { device: d, soilMoisture: m${tags} }`,
        'm',
        'm.yaml',
      )
    for (const tags of [', tags: t', ', tags.house: h'])
      assert.equal(read(tags)().family, families.get('greenhouse'))
    for (const tags of ['', ', tags.room: h']) assert.throws(read(tags), /fields\.tags\.house: is missing/)
  })

  it('given files with errors, then each error is named with line and column', () =>
    goldenAnswers('mapping', text => listErrors(`${text}\n`)))
})

describe('the fields that a mapping can fill', () => {
  for (const family of FAMILIES.all)
    it(`given ${family.name}, then they are those of its schema, and those that it requires are required`, () => {
      const file = new URL(
        `../../../events/schemas/json/${family.type.replace('io.sluice.', '')}.json`,
        import.meta.url,
      )
      const schema: Schema = JSON.parse(readFileSync(file, 'utf8'))
      const found = leaves(schema)
      assert.ok(found.length > 3)
      const own = [...getTargets(family).keys()]
      assert.deepEqual(own.toSorted(), found.map(({ path }) => path).toSorted())
      const required = found.filter(leaf => leaf.isRequired).map(({ path }) => path)
      assert.deepEqual(requiredTargets(family).toSorted(), required.toSorted())
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
