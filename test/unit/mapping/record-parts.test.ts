import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure } from '#runtime/cloudevents'
import type { ForeignRecord } from '#runtime/consumer'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { FAMILIES } from '../../support/families.ts'
import { deviceMapping, foreignRecord, mapFailure, mapReading, read } from './support.ts'

const RECORD = { id: 'd-1', model: 'm', x: 1, at: '2026-01-01T00:00:00Z' }
const bytes = (text: string) => Buffer.from(text)
const tagFrom = (from: string) =>
  deviceMapping({ fields: `{ deviceId: id, model: model, x: x, tags.a: ${from} }` })
const mapTag = (from: string, changes: Partial<ForeignRecord>) =>
  (mapReading(tagFrom(from), RECORD, changes).data as { tags?: { a: string } }).tags?.a

describe('key, topic and headers of a record, in a mapping', () => {
  const headers = [
    ['device', bytes('first')],
    ['device', bytes('last')],
    ['signed', [104, 105]],
    ['empty', null],
    ['amqp', bytes('\u{a1}').subarray(1)],
  ] as const
  const key = bytes('zigbee2mqtt/hall')
  for (const [from, changes, tag] of [
    ['{ key: true }', { key }, 'zigbee2mqtt/hall'],
    ['{ from: { key: true }, pattern: "^zigbee2mqtt/(.+)$" }', { key }, 'hall'],
    ['{ from: { key: true }, values: { zigbee2mqtt/hall: h } }', { key }, 'h'],
    ['{ from: { key: a.b }, as: text }', { key: bytes('{"a": {"b": 7}}') }, '7'],
    [
      '{ from: { key: a.b }, as: text }',
      { key: bytes('{"a": {"b": 9007199254740993}}') },
      '9007199254740993',
    ],
    ['{ key: a.b }', { key: bytes('{"a.b": "dots", "a": {"b": "inner"}}') }, 'dots'],
    ['{ topic: true }', { topic: 'greenhouse' }, 'greenhouse'],
    ['{ header: device }', { headers }, 'last'],
    ['{ header: signed }', { headers }, 'hi'],
    ['{ from: [room, { header: nothing }, { header: device }] }', { headers }, 'last'],
    ['{ from: [model, { header: device }] }', { headers }, 'm'],
    ['{ from: { key: true }, default: d }', { key: null }, 'd'],
    ['{ from: [{ header: amqp }, { header: empty }], default: d }', { headers }, 'd'],
    ['{ from: [{ key: a }, { key: true }], default: d }', { key: bytes('[1]') }, '[1]'],
    ['{ key: true }', { key: null }, undefined],
    ['{ key: true }', { key: bytes('"hall"') }, '"hall"'],
    ['{ key: { json: true } }', { key: bytes('hall') }, 'hall'],
    ['{ key: { json: true } }', { key: bytes('"h\\u00f6f"') }, 'höf'],
    ['{ key: { json: true } }', { key: bytes('042') }, '042'],
    ['{ key: { json: true } }', { key: bytes('"open') }, '"open'],
    ['{ key: { json: true } }', { key: bytes('{"schema":{"type":"string"},"payload":"hall"}') }, 'hall'],
    ['{ key: { json: true } }', { key: bytes('{"schema":{"type":"int32"},"payload":7}') }, '7'],
    ['{ key: { json: true } }', { key: bytes('{"a":"b"}') }, '{"a":"b"}'],
  ] as const)
    it(`given ${from} and ${changes.key ?? Object.keys(changes)}, then the reading has ${tag}`, () =>
      assert.equal(mapTag(from, changes), tag))

  for (const [from, changes, reason] of [
    ['{ key: true }', { key: null }, 'the key is missing'],
    ['{ key: true }', { key: bytes('\u{a1}').subarray(1) }, 'the key is missing: the key is not UTF-8'],
    ['{ key: { json: true } }', { key: bytes('""') }, 'the key is missing'],
    ['{ key: true }', { key: bytes('') }, 'the key is missing'],
    [
      '{ key: true }',
      { key: bytes('\0\0\0\0\x05\x08hall') },
      'the key is missing: the key is framed for a schema registry, and is not a text',
    ],
    [
      '{ key: { json: true } }',
      { key: bytes('\0\0\0\0\0\0\0*') },
      'the key is missing: the key is bytes, such as a number, and not a text',
    ],
    ['{ key: id }', { key }, '"id" of the key is missing: the key is not a JSON object'],
    ['{ key: id }', { key: bytes('{"n": 1}') }, '"id" of the key is missing'],
    ['{ header: amqp }', { headers }, 'the header "amqp" is missing: the header "amqp" is not UTF-8'],
    ['[a, { header: d }]', {}, 'none of "a", the header "d" is there'],
    ['{ key: n }', { key: bytes('{"n": 1}') }, '"n" of the key is not a text: add `as: text`'],
  ] as const)
    it(`given a required field from ${from}, then the reason is ${reason}`, () => {
      const mapping = deviceMapping({ fields: `{ deviceId: { from: ${from} }, model: model, x: x }` })
      const failure = read(mapping, foreignRecord(RECORD, changes))
      assert.equal('message' in failure && failure.message, `mapping test: ${reason}`)
    })

  // Promise config/mappings/README.md#keys
  it('given a time, an id and a condition from them, then they are read', () => {
    const mapping = deviceMapping({
      time: '{ from: { header: at }, epoch: ms }',
      id: '[{ key: true }, { header: at }, { from: n, default: none }]',
      when: '{ has: [{ key: true }, { header: at }], lacks: [{ header: test }] }',
    })
    const at = (text: string, more = {}) => ({ key, headers: [['at', bytes(text)]] as const, ...more })
    const reading = mapReading(mapping, RECORD, at('1795597200054'))
    assert.equal(reading.time, '2026-11-25T09:00:00.054Z')
    assert.equal(mapReading(mapping, RECORD, at('1795597200054', { offset: 9 })).id, reading.id)
    assert.notEqual(mapReading(mapping, RECORD, at('1795597200055')).id, reading.id)
    assert.notEqual(mapReading(mapping, { ...RECORD, n: 1 }, at('1795597200054')).id, reading.id)
    assert.match(mapFailure(mapping, RECORD), /: it has no key$/)
  })

  it('given a part of an id with a default, then records with the part keep their id', () => {
    const mapId = (id: string, record: object) =>
      mapReading(deviceMapping({ id }), { ...RECORD, ...record }).id
    assert.equal(mapId('[at, n]', { n: 1 }), mapId('[at, { from: n, default: 0 }]', { n: 1 }))
    assert.equal(mapId('[at, { from: n, default: 0 }]', {}), mapId('[at, n]', { n: 0 }))
  })
})

describe('records that name their metric', () => {
  const load = (metric: string, fields = 'system: s, instance: i') =>
    readMapping(
      FAMILIES,
      `family: metrics\ntime: record\nmetric: ${metric}\nfields: { ${fields} }`,
      'm',
      'm.yaml',
    )
  const mapLoad = (metric: string, record: object, changes = {}) =>
    (mapReading(load(metric), { s: 'a', i: 'b', ...record }, changes).data as { load?: number }).load

  it('given a value that is a text, then as, pattern, scale and absent apply to it', () => {
    for (const [value, sent, read] of [
      ['{ from: v, as: number }', '1.5e+06', 1_500_000],
      ['{ from: v, as: number }', '-0', -0],
      ['{ from: v, as: decimal-comma }', '0,25', 0.25],
      ["{ from: v, pattern: '^(.+) W$', as: number, scale: 0.001 }", '250 W', 0.25],
      ["{ from: [v, w], absent: ['NaN'], as: number }", 'NaN', 3],
    ] as const)
      assert.equal(mapLoad(`{ name: n, value: ${value} }`, { n: 'load', v: sent, w: 3 }), read, value)
  })

  it('given names, then what they say goes before what the value says', () => {
    const metric =
      '{ name: n, value: { from: v, as: number }, names: { a: { metric: load, scale: 2 }, b: load } }'
    assert.deepEqual(
      ['a', 'b'].map(n => mapLoad(metric, { n, v: '4' })),
      [8, 4],
    )
  })

  it('given the name of the metric in the topic or the key, then it is read there', () => {
    const topic = "{ name: { from: { topic: true }, pattern: '^node-(.+)$' }, value: v }"
    assert.equal(mapLoad(topic, { v: 1 }, { topic: 'node-load' }), 1)
    const metric = load('{ name: { key: true }, value: v }')
    assert.match(mapFailure(metric, { s: 'a', i: 'b', v: 1 }), /the key is missing$/)
  })

  it('given no number, then field and reason are in the failure', () => {
    const metric = load('{ name: n, value: { from: v, as: number } }')
    const mapReason = (v: unknown) => mapFailure(metric, { s: 'a', i: 'b', n: 'load', v })
    for (const v of ['NaN', '+Inf', '-Infinity', '', 'x', {}])
      assert.match(mapReason(v), /"v" must be a number/)
    assert.match(mapReason(undefined), /"v" is missing$/)
  })
})

describe('values that a mapping calls absent', () => {
  const mapData = (x: string, record: object) =>
    mapReading(deviceMapping({ fields: `{ deviceId: id, model: model, y: y, x: ${x} }` }), {
      ...RECORD,
      ...record,
    }).data
  const rest = { deviceId: 'd-1', model: 'm', y: 2 }
  const ABSENT = "absent: [NAN, -7999, 'ERR', '', true]"
  for (const [x, v, expected] of [
    [`{ from: v, ${ABSENT} }`, 'NAN', {}],
    [`{ from: v, ${ABSENT} }`, -7999, {}],
    [`{ from: v, ${ABSENT}, as: number }`, '-7999', {}],
    [`{ from: v, ${ABSENT} }`, '', {}],
    [`{ from: v, ${ABSENT} }`, true, {}],
    [`{ from: v, ${ABSENT} }`, 3, { x: 3 }],
    [`{ from: v, ${ABSENT}, default: 4 }`, 'ERR', { x: 4 }],
    [`{ from: [v, y], ${ABSENT} }`, 'ERR', { x: 2 }],
    ...[-9999, '-9999', '-9999.00', ' -9.999e3 '].flatMap(v =>
      ['-9999', "'-9999.0'", '-9999.00', '-9.999e3'].map(
        listed => [`{ from: v, absent: [${listed}], as: number }`, v, {}] as const,
      ),
    ),
    ['{ from: v, absent: [-9999] }', '-9999.0', {}],
    ["{ from: v, absent: ['-9999.0'], as: decimal-comma }", '-9999,00', {}],
    ["{ from: v, absent: [999], pattern: '^(.+) W$', as: number }", '999.0 W', {}],
    ["{ from: v, absent: ['00'], as: number }", 0, { x: 0 }],
    ["{ from: v, absent: ['00'], as: number }", '00', {}],
    ['{ from: v, absent: [0], as: number }', '00', { x: 0 }],
    ['{ from: v, orElse: absent }', 'garbage', {}],
    ['{ from: v, orElse: absent, pattern: "^([0-9]+) W$", as: number }', '12 kW', {}],
    ['{ from: [v, y], orElse: absent }', {}, { x: 2 }],
    ['{ from: v, orElse: absent, default: 5 }', 'garbage', { x: 5 }],
  ] as const)
    it(`given ${x} and ${JSON.stringify(v)}, then the reading has ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(mapData(x, { v, y: 2 }), { ...rest, ...expected }))

  it('given a text or a name that looks like a number, then it is compared as a text', () => {
    const fields = "{ deviceId: { from: id, absent: ['0'], default: none }, model: model, x: x }"
    const found = ['0', '00', '0.0'].map(
      id => mapReading(deviceMapping({ fields }), { ...RECORD, id }).subject,
    )
    assert.deepEqual(found, ['none', '00', '0.0'])
  })

  it('given an integer beyond those of a double, then it is absent as a number, too', () => {
    const mapping = deviceMapping({
      fields: '{ deviceId: id, model: model, y: y, x: { from: v, absent: [18446744073709551615] } }',
    })
    const bytes = Buffer.from(JSON.stringify({ ...RECORD, y: 2 }).replace('{', '{"v":18446744073709551615,'))
    assert.deepEqual(mapReading(mapping, bytes).data, rest)
  })

  for (const [time, at, expected] of [
    ['{ from: [t, at], epoch: s, absent: [0, -1] }', 0, '2001-09-09T01:46:40.000Z'],
    ["{ from: [t, at], epoch: s, absent: ['0.0'] }", '0', '2001-09-09T01:46:40.000Z'],
    ["[{ from: t, absent: ['0000-00-00 00:00'] }, record]", '0000-00-00 00:00', undefined],
    ['[{ from: t, orElse: absent }, { from: at, epoch: s }]', 'n/a', '2001-09-09T01:46:40.000Z'],
    ['{ from: t, epoch: s, absent: [0] }', 0, '"t" has a value that the mapping lists as absent'],
    ['[{ from: t, orElse: absent }, { from: u }]', 'n/a', '"t" is not a date with a time of day'],
    ['[{ from: t }, record]', 'n/a', '"t" is not a date with a time of day'],
    ['{ from: t, epoch: s, add: 7168d }', 1_000_000_000, '2021-04-25T01:46:40.000Z'],
    ['{ from: t, add: -1h30m }', '2026-03-01T12:00:00Z', '2026-03-01T10:30:00.000Z'],
  ] as const)
    it(`given the time ${time} and ${at}, then it is ${expected ?? 'that of the record'}`, () => {
      const record = { ...RECORD, t: at, at: 1_000_000_000 }
      const event = read(deviceMapping({ time }), foreignRecord(record))
      const found = isFailure(event) ? event.message.replace('mapping test: ', '') : event.time
      assert.equal(found, expected)
    })

  for (const [deviceId, id, reason] of [
    ["{ from: id, absent: ['?'] }", '?', '"id" has a value that the mapping lists as absent'],
    ['{ from: id, orElse: absent }', 7, '"id" is not a text: add `as: text`'],
    ['{ from: id, orElse: absent, pattern: "^d-(.)$" }', 'e', '"id" does not fit its pattern'],
  ] as const)
    it(`given a required field ${deviceId} and ${id}, then the record fails with the reason of the value`, () => {
      const mapping = deviceMapping({ fields: `{ deviceId: ${deviceId}, model: model, x: x }` })
      assert.equal(mapFailure(mapping, { ...RECORD, id }), `mapping-failed: mapping test: ${reason}`)
    })
})

it('given a key that names the metric, then its last part is the name, as the manual says', () => {
  const text = `
family: metrics
time: record
metric: { name: { from: { key: true }, pattern: '([^/]+)$' }, value: value }
fields: { system: { constant: s }, instance: { from: { key: true }, pattern: '^N/([^/]+)/' } }
`
  const mapping = readMapping(FAMILIES, text, 'test', 'test.yaml')
  const { data } = mapReading(mapping, { value: 84.5 }, { key: bytes('N/c0ffee/system/0/Dc/Battery/Soc') })
  assert.deepEqual(data, { system: 's', instance: 'c0ffee', Soc: 84.5 })
})
