import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isFailure } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { FAMILIES } from '../../support/families.ts'
import { SHIPPED_MAPPINGS } from '../../support/shipped-config.ts'
import { deviceMapping, foreignRecord, mapFailure, mapReading, read, shipped } from './support.ts'

const RECORD = { id: 'd-1', model: 'm', x: 1, at: '2026-01-01T00:00:00Z' }
const mapId = (changes: object, place = {}, id: Readonly<Record<string, string>> = {}) =>
  mapReading(deviceMapping(id), { ...RECORD, ...changes }, place).id

describe('the id of a mapped record', () => {
  it('given the same place, then it is the same; another topic, partition or offset is another record', () => {
    assert.equal(mapId({}), mapId({}))
    const places = [{}, { topic: 'other' }, { partition: 2 }, { offset: 8 }, { partition: 17, offset: 0 }]
    const ids = places.map(place => mapId({}, place))
    assert.equal(new Set(ids).size, places.length)
  })

  it('given fields, then they decide, wherever the record is, and the number 1 is not the text 1', () => {
    const byFields = { id: '[id, at]' }
    assert.equal(mapId({}, {}, byFields), mapId({ x: 2 }, { offset: 8 }, byFields))
    const one = { id: '[id, n]' }
    assert.notEqual(mapId({ n: 1 }, {}, one), mapId({ n: '1' }, {}, one))
    assert.notEqual(
      mapId({ a: '1', b: '23' }, {}, { id: '[a, b]' }),
      mapId({ a: '12', b: '3' }, {}, { id: '[a, b]' }),
    )
  })

  it('given a CloudEvent, then its source and id decide, unless the mapping says that its place does', () => {
    const idOfEvent = (id: Readonly<Record<string, string>>, event: object, offset: number) => {
      const mapping = deviceMapping({
        when: '{ equals: { type: a.b } }',
        time: 'record',
        fields: '{ deviceId: data.id, model: data.model, x: data.x }',
        ...id,
      })
      const all = { specversion: '1.0', id: '1', source: '/s', type: 'a.b', data: RECORD, ...event }
      return mapReading(mapping, all, { offset }).id
    }
    assert.equal(idOfEvent({}, {}, 1), idOfEvent({}, {}, 2))
    const ids = [{}, { id: '2' }, { source: '/t' }].map(event => idOfEvent({}, event, 1))
    const places = [1, 2].map(offset => idOfEvent({ id: 'position' }, {}, offset))
    assert.equal(new Set([...ids, ...places]).size, 5)
  })

  it('given a field of the id that is missing or an object, then it is a failure', () => {
    assert.match(mapFailure(deviceMapping({ id: '[n]' }), RECORD), /"n" is missing, and is part of the id$/)
    assert.match(
      mapFailure(deviceMapping({ id: '[n]' }), { ...RECORD, n: {} }),
      /"n" must be a text or a number, and is part of the id$/,
    )
  })
})

describe('fields of a record', () => {
  const mapData = (fields: string, record: object) =>
    mapReading(deviceMapping({ fields: `{ deviceId: id, model: model, ${fields} }` }), {
      ...RECORD,
      ...record,
    }).data
  const refused = (fields: string, record: object) =>
    mapFailure(deviceMapping({ fields: `{ deviceId: id, model: model, ${fields} }` }), {
      ...RECORD,
      ...record,
    })
  const own = { deviceId: 'd-1', model: 'm' }

  // biome-ignore format: a table
  for (const [given, fields, record, data] of [
    ['a path', 'x: a.b.c', { a: { b: { c: 3 } } }, { x: 3 }],
    ['an element of a list', 'x: a.1', { a: [1, 2] }, { x: 2 }],
    ['a name with dots', 'x: a.b', { 'a.b': 4, a: { b: 5 } }, { x: 4 }],
    ['the first that is there', 'x: { from: [a, b] }', { a: null, b: 6 }, { x: 6 }],
    ['a default', 'x: x, y: { from: y, default: 7 }', {}, { x: 1, y: 7 }],
    ['a constant', 'x: x, activity: { constant: resting }', {}, { x: 1, activity: 'resting' }],
    ['a unit', 'x: { from: x, unit: g }', {}, { x: 9.80665 }],
    ['scale and offset, and then a unit', 'x: { from: x, scale: 0.5, offset: 1.5, unit: g }', {}, { x: 19.6133 }],
    ['a scale alone', 'x: { from: x, scale: 2 }', {}, { x: 2 }],
    ['an offset alone', 'x: { from: x, offset: 2 }', {}, { x: 3 }],
    ['a scale of 1, and then a unit', 'x: { from: x, scale: 1, offset: 0, unit: g }', {}, { x: 9.80665 }],
    ['a number where texts are numbers', 'x: { from: v, as: number }', { v: 3 }, { x: 3 }],
    ['a truth value as text', 'x: x, activity: { from: v, as: text }', { v: true }, { x: 1, activity: 'true' }],
    ['tags of any depth and type', 'x: x, tags: t', { t: { a: null, b: { c: true } } }, { x: 1, tags: { 'b.c': 'true' } }],
    ['a number as text', 'x: { from: v, as: number }', { v: ' -2.5e1 ' }, { x: -25 }],
    ['a text as number', 'x: x, activity: { from: v, as: text }', { v: 7 }, { x: 1, activity: '7' }],
    ['a number with a comma', 'x: { from: v, as: decimal-comma }', { v: '-22,5' }, { x: -22.5 }],
    ['a pattern', 'x: { from: v, pattern: "^([0-9.]+) g$", as: number }', { v: '1.5 g' }, { x: 1.5 }],
    ['values', 'x: x, activity: { from: v, values: { "true": on } }', { v: true }, { x: 1, activity: 'on' }],
    ['a single tag', 'x: x, tags.room: v', { v: 'r' }, { x: 1, tags: { room: 'r' } }],
    ['all tags, and one more', 'x: x, tags.room: v, tags: t', { v: 'r', t: { room: 'q', n: 1 } }, { x: 1, tags: { room: 'r', n: '1' } }],
    ['a unit of the record', 'x: x, unit: u', { u: 'mg', x: 1000 }, { x: 9.80665 }],
    ['a unit of the record beside that of one metric', 'x: x, y: { from: y, unit: mg }, z: { from: z, unit: g }, unit: u', { u: 'ft/s²', x: 1000, y: 1000, z: 1 }, { x: 304.8, y: 9.80665, z: 9.80665 }],
    ['a unit of the record, and that of its only metric', 'x: { from: x, unit: g }, unit: u', { u: 'CEL' }, { x: 9.80665 }],
    ['an optional field without a value', 'x: x, y: y', { y: null }, { x: 1 }],
  ] as const)
    it(`given ${given}, then the reading has it`, () =>
      assert.deepEqual(mapData(fields, record), { ...own, ...data }))

  // biome-ignore format: a table
  for (const [given, fields, record, message] of [
    ['no entity', 'x: x', { id: undefined }, /^mapping-failed: mapping test: "id" is missing$/],
    ['none of several', 'x: x, tags.a: a', { model: null }, /"model" is missing$/],
    ['a number in a text', 'x: { from: v }', { v: '1' }, /"v" must be a number$/],
    ['thousands', 'x: { from: v, as: decimal-comma }', { v: '1.013,2' }, /"v" must be a number such as "22,5"$/],
    ['no number at all', 'x: { from: v, as: number }', { v: 'n/a' }, /"v" must be a number$/],
    ['a number of 1 MB', 'x: { from: v, as: number }', { v: `${'1'.repeat(1e6)}!` }, /"v" must be a number of at most 1000 characters$/],
    ['a truth value as number', 'x: { from: v, as: number }', { v: true }, /"v" must be a number$/],
    ['an object as text', 'x: x, activity: { from: v, as: text }', { v: {} }, /"v" must be a text that is not empty$/],
    ['a number where a text is meant', 'x: x, activity: v', { v: 7 }, /"v" is not a text: add `as: text`$/],
    ['a number for a pattern', 'x: x, activity: { from: v, pattern: "(a)" }', { v: 7 }, /"v" is not a text of/],
    ['a list of tags', 'x: x, tags: v', { v: 'a' }, /"v" must be an object$/],
    ['a value of no state', 'x: x, activity: { from: v, values: { a: b } }', { v: {} }, /"v" has a value that/],
    ['an empty text', 'x: x', { model: '' }, /"model" must be a text that is not empty$/],
    ['an object', 'x: x', { model: {} }, /"model" must be a text that is not empty$/],
    ['no match', 'x: x, activity: { from: v, pattern: "(a)" }', { v: 'b' }, /"v" does not fit its pattern$/],
    // A backtracking engine would try 2 to the power of 999 ways.
    ['an expression with many ways to match', 'x: x, activity: { from: v, pattern: "^((?:a+-?)*)$" }', { v: `${'a'.repeat(999)}!` }, /"v" does not fit its pattern$/],
    ['a long text', 'x: x, activity: { from: v, pattern: "(a)" }', { v: 'a'.repeat(1001) }, /at most 1000 characters/],
    ['deep tags', 'x: x, tags: v', { v: JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`) }, /nested more than 8/],
    ['a unit of another dimension', 'x: x, unit: u', { u: 'K' }, /^unit-mismatch: "unit" is K \(kelvin\), but the reading has x \(m\/s²\)[.] Use m\/s²/],
    ['control characters in the entity', 'x: x', { id: 'a\u0000' }, /the attribute "subject" contains characters/],
  ] as const)
    it(`given ${given}, then it is a failure`, () => {
      assert.match(refused(fields, record), message)
    })

  it('given none of the fields that may have a required value, then the failure names each', () => {
    const mapping = deviceMapping({ fields: '{ deviceId: { from: [v, w] }, model: model, x: x }' })
    assert.match(mapFailure(mapping, RECORD), /: none of "v", "w" is there$/)
  })

  it('given the name of something that every object inherits, then the record has no such field', () => {
    assert.match(
      mapFailure(deviceMapping({ fields: '{ deviceId: constructor.name, model: model, x: x }' }), RECORD),
      /"constructor.name" is missing$/,
    )
  })

  it('given tags of 8 levels, then they are tags, with names of 8 parts', () => {
    const tags = JSON.parse(`${'{"a":'.repeat(8)}1${'}'.repeat(8)}`)
    assert.deepEqual(mapData('x: x, tags: t', { t: tags }), {
      ...own,
      x: 1,
      tags: { 'a.a.a.a.a.a.a.a': '1' },
    })
  })

  it('given a tag named __proto__, then it is a tag like any other', () => {
    const data = mapData('x: x, tags: t', { t: JSON.parse('{"__proto__":"a"}') }) as { tags: object }
    assert.deepEqual(Object.keys(data.tags), ['__proto__'])
    assert.equal(Object.getPrototypeOf(data.tags), Object.prototype)
  })
})

describe('a metric that the record names', () => {
  const named = (names: string) =>
    deviceMapping({ fields: '{ deviceId: id, model: model }', metric: `{ name: n, value: v${names} }` })
  const SYSTEM = readMapping(
    FAMILIES,
    'family: metrics\ntime: record\nfields: { system: model, instance: id }\nmetric: { name: n, value: v }\n',
    'any',
    'any.yaml',
  )

  it('given a table of names, then only these are metrics, with their units', () => {
    const mapping = named(', names: { a: x, b: { metric: y, unit: g, scale: 2 } }')
    const own = { deviceId: 'd-1', model: 'm' }
    assert.deepEqual(mapReading(mapping, { ...RECORD, n: 'a', v: 3 }).data, { ...own, x: 3 })
    assert.deepEqual(mapReading(mapping, { ...RECORD, n: 'b', v: 3 }).data, { ...own, y: 58.8399 })
    for (const n of ['x', 'constructor'])
      assert.match(
        mapFailure(mapping, { ...RECORD, n, v: 3 }),
        /"n" names a metric that the mapping does not know$/,
      )
    for (const n of [7, ''])
      assert.match(mapFailure(mapping, { ...RECORD, n, v: 3 }), /"n" (is not|must be) a text/)
    assert.match(mapFailure(mapping, { ...RECORD, v: 3 }), /"n" is missing$/)
    assert.match(mapFailure(mapping, { ...RECORD, n: 'a' }), /"v" is missing$/)
  })

  it('given none, then each name is a metric, unless it is another field of the reading', () => {
    const data = mapReading(SYSTEM, { ...RECORD, n: 'a.b', v: 3 }).data
    assert.deepEqual(data, { system: 'm', instance: 'd-1', 'a.b': 3 })
    for (const n of ['system', 'tags', 'unit'])
      assert.match(mapFailure(SYSTEM, { ...RECORD, n, v: 3 }), /"n" names a metric/)
  })
})

describe('records that no mapping takes', () => {
  const mapping = deviceMapping({ when: '{ has: [x], equals: { kind: 3 } }' })

  it('given conditions, then all must hold, by value and type', () => {
    assert.ok(!isFailure(read(mapping, foreignRecord({ ...RECORD, kind: 3 }))))
    for (const changes of [{ kind: '3' }, { kind: 4 }, {}, { kind: 3, x: null }])
      assert.ok(isFailure(read(mapping, foreignRecord({ ...RECORD, ...changes }))))
  })

  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    it(`given has or lacks of ${name}, then a member counts, and what every object inherits does not`, () => {
      const takes = (when: string, record: object) =>
        !isFailure(read(deviceMapping({ when }), foreignRecord({ ...RECORD, ...record })))
      const own = { inner: Object.defineProperty({}, name, { value: 1, enumerable: true }) }
      assert.ok(!takes(`{ has: [${name}] }`, {}))
      assert.ok(takes(`{ lacks: [${name}] }`, {}))
      assert.ok(!takes(`{ has: [inner.${name}] }`, { inner: {} }))
      assert.ok(takes(`{ has: [inner.${name}] }`, own))
      assert.ok(!takes(`{ lacks: [inner.${name}] }`, own))
    })

  it('given no JSON object, then it is a failure', () => {
    for (const text of ['', 'x', '[]', '1', 'null', '"a"', '{"a":'])
      assert.ok(isFailure(read(deviceMapping(), foreignRecord(Buffer.from(text)))))
    assert.ok(isFailure(read(deviceMapping(), foreignRecord(Buffer.from([0x7b, 0xff, 0x7d])))))
  })

  describe('given a number that JavaScript would change', () => {
    const LONG = '1763625600054960353'
    const raw = (text: string) => read(longMapping, foreignRecord(Buffer.from(text)))
    const longMapping = readMapping(
      FAMILIES,
      `family: device
time: { from: at, epoch: ns }
id: [at]
fields:
  deviceId: { from: id, as: text }
  model: model
  x: x
  y: y
  z: z
  tags: tags
`,
      'long',
      'long.yaml',
    )
    const MOTION = '"model":"m","x":1,"y":2,"z":3'

    it('as its time, then it is rounded to what is kept; in texts it keeps its digits', () => {
      const event = raw(
        `{"id":${LONG},"at":${LONG},${MOTION},"tags":{"at":${LONG}},"unused":${LONG}}`,
      ) as Event
      assert.equal(event.time, '2025-11-20T08:00:00.055Z')
      assert.deepEqual(event.data, { deviceId: LONG, model: 'm', x: 1, y: 2, z: 3, tags: { at: LONG } })
    })

    it('as a part of the id, then its digits count', () => {
      const ids = ['2', '3'].map(
        end => (raw(`{"id":1,"at":${LONG.slice(0, -1)}${end},${MOTION}}`) as Event).id,
      )
      assert.notEqual(ids[0], ids[1])
    })

    it('as a measurement, then it is refused', () => {
      const failure = raw(`{"id":1,"at":${LONG},${MOTION.replace('1', LONG)}}`) as { code?: string }
      assert.equal(failure.code, 'number-not-exact')
    })
  })

  it('given a member that occurs twice, then the record is refused', () => {
    const value = Buffer.from('{"id":"d","model":"m","x":1,"x":2}')
    const failure = read(deviceMapping(), foreignRecord(value)) as { code?: string; message?: string }
    assert.equal(failure.code, 'mapping-failed')
    assert.match(failure.message ?? '', /"x" occurs more than once/)
  })

  it('given a number that is neither a double nor a long integer, then that is the failure', () => {
    const value = Buffer.from('{"id":"d","model":"m","x":1e999}')
    assert.equal((read(deviceMapping(), foreignRecord(value)) as { code?: string }).code, 'number-not-exact')
  })
})

describe('the trace of a record', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const header = (name: string, value: string) => [name, Buffer.from(value)] as const

  it('given headers of W3C Trace Context, then the reading continues the trace, unless it is malformed', () => {
    const traced = (value: string) =>
      mapReading(deviceMapping(), RECORD, { headers: [header('traceparent', value), header('other', 'x')] })
        .extensions
    assert.deepEqual(traced(traceparent), { traceparent })
    assert.equal(traced('00-abc123-def456-01'), undefined)
  })
})

describe('any JSON', () => {
  it('given any document, then a mapping that ships makes a reading or a failure of it, and never throws', () => {
    const names = [
      'sensor_id',
      'value',
      'timestamp',
      'metadata',
      'model',
      'x',
      'y',
      'z',
      'temp',
      'tags',
      'location',
      'type',
      'status',
    ]
    const documents = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue(), fc.double({ noNaN: true }), fc.string()),
    )
    const all = SHIPPED_MAPPINGS.map(shipped)
    let readings = 0
    fc.assert(
      fc.property(documents, document => {
        const found = read(all, foreignRecord(document))
        if (isFailure(found)) return
        readings += 1
        assert.equal(typeof (found as Event).id, 'string')
      }),
      { seed: 15, numRuns: 3_000 },
    )
    assert.ok(readings > 0, 'some of them are readings')
  })
})
