/** Paths to fields whose names have dots themselves, and the reasons for values that are no JSON object. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { toFileRecord } from '../../../control/recordings/import/mapped-lines.ts'
import { toDocument } from '../../../control/recordings/import/mapping-trial.ts'
import { describeNoObject } from '../../../lib/mapping/map-document.ts'
import { describeMissing, formatPath, parsePath, valueAt } from '../../../lib/mapping/record-path.ts'
import { deviceMapping, foreignRecord, mapFailure, mapReading, read, shipped } from './support.ts'

const LOG = {
  resource: { attributes: { 'service.name': 'checkout', 'a"b': 1, host: { name: 'h' } } },
  'x.y': { 'z.0': 2 },
}

// Promise config/mappings/README.md#keys | A mapping reads key, topic and headers, texts that hold JSON, and values that it calls absent cost a field, not the record.
describe('a path into a text that holds a JSON object', () => {
  const TEXT = {
    payload: ' {"temp":20.5,"a.b":{"c":1},"list":[{"v":2}],"id":9007199254740993,"text":"{\\"x\\":3}"}\n',
    logEvents: [{ message: '{"level":"info"}' }],
    data: { schema: {}, payload: { row: '{"x":4}' } },
  }
  for (const [path, value] of [
    ['payload.temp', 20.5],
    ['payload["a.b"].c', 1],
    ['payload.list.0.v', 2],
    ['payload.id', 9007199254740993n],
    ['payload.text.x', 3],
    ['payload.gone', undefined],
    ['logEvents.0.message.level', 'info'],
    ['data.row.x', 4],
    ['data.payload.row.x', 4],
    ['payload', TEXT.payload],
  ] as const)
    it(`given ${path}, then the value is ${value}`, () =>
      assert.equal(valueAt({ document: TEXT }, parsePath(path)), value))

  it('given a key, then a text in it is read in the same way', () =>
    assert.equal(
      valueAt({ document: {}, key: Buffer.from('{"a":"{\\"b\\":1}"}') }, parsePath({ key: 'a.b' })),
      1,
    ))

  it('given several paths into one text, then it is parsed once', () => {
    const record = { document: TEXT }
    const [first, second] = ['payload.list', 'payload.list'].map(path => valueAt(record, parsePath(path)))
    assert.ok(first)
    assert.equal(first, second)
  })

  for (const [given, text, code, reason] of [
    ['a member twice', '{"temp":1,"temp":2}', 'mapping-failed', 'member "temp" occurs more than once'],
    [
      'a member of a member twice',
      '{"temp":1,"n":[{"a":1,"a":1}]}',
      'mapping-failed',
      'member "a" occurs more',
    ],
    ['a number that is too large', '{"temp":1,"n":1e999}', 'number-not-exact', 'the number "n" cannot be'],
    ['objects that are too deep', `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`, 'malformed-event', 'nested'],
  ] as const)
    it(`given ${given} in it, then no field of it is read, and the record fails with that reason`, () => {
      for (const fields of ['x: payload.temp', 'x: x, tags: payload', 'x: x, y: { from: payload.temp }']) {
        const mapping = deviceMapping({ fields: `{ deviceId: id, model: model, ${fields} }` })
        const failed = mapFailure(mapping, {
          id: 'd',
          model: 'm',
          x: 1,
          at: '2026-01-01T00:00:00Z',
          payload: text,
        })
        assert.match(
          failed,
          new RegExp(`^${code}: .*"payload(.temp)?" is in a text whose JSON cannot be read: .*${reason}`),
        )
      }
      const timed = deviceMapping({ time: '[{ from: payload.temp }, record]' })
      assert.match(
        mapFailure(timed, { id: 'd', model: 'm', x: 1, payload: text }),
        new RegExp(`^${code}: .*${reason}`),
      )
    })

  it('given conditions, times, tags and ids in it, then they are read', () => {
    const mapping = deviceMapping({
      when: '{ has: [p.t], lacks: [p.gone], equals: { p.kind: a } }',
      time: '{ from: p.t }',
      id: '[p.n]',
      fields: '{ deviceId: { from: p.n, as: text }, model: p.kind, x: p.x, tags: p.tags }',
    })
    const p = '{"t":"2026-01-01T00:00:00Z","kind":"a","n":9007199254740993,"x":1,"tags":{"k":"v"}}'
    const { subject, time, data } = mapReading(mapping, { p })
    assert.deepEqual([subject, time], ['9007199254740993', '2026-01-01T00:00:00Z'])
    assert.deepEqual(data, { deviceId: '9007199254740993', model: 'a', x: 1, tags: { k: 'v' } })
    const whole = deviceMapping({ fields: '{ deviceId: id, model: model, x: x, tags: p }' })
    const tagged = mapReading(whole, {
      id: 'd',
      model: 'm',
      x: 1,
      at: '2026-01-01T00:00:00Z',
      p: '{"k":{"l":"v"}}',
    })
    assert.deepEqual((tagged.data as { tags: object }).tags, { 'k.l': 'v' })
  })

  it('given a number that is mapped to the whole text, then the refusal says how to name a field in it', () => {
    const mapping = deviceMapping({ fields: '{ deviceId: id, model: model, x: { from: p, as: number } }' })
    const failed = mapFailure(mapping, { id: 'd', model: 'm', at: '2026-01-01T00:00:00Z', p: '{"temp":1}' })
    assert.match(
      failed,
      /"p" must be a number, and is a text that holds JSON: name a field in it, such as p[.]temp$/,
    )
  })

  it('given the name of a .proto file, then the refusal says how Protobuf writes it in JSON', () => {
    const mapping = deviceMapping({ fields: '{ deviceId: id, model: model, x: air.pm2_5 }' })
    const failed = mapFailure(mapping, { id: 'd', model: 'm', at: '2026-01-01T00:00:00Z', air: { pm25: 1 } })
    assert.match(failed, /: its name in Protobuf's JSON is "pm25", so write air[.]pm25$/)
  })

  it('given an integer in it that a double cannot hold, then a metric refuses it', () => {
    const mapping = deviceMapping({ fields: '{ deviceId: id, model: model, x: p.n }' })
    const record = { id: 'd', model: 'm', at: '2026-01-01T00:00:00Z', p: '{"n":9007199254740993}' }
    assert.match(mapFailure(mapping, record), /^number-not-exact: .*"p[.]n" cannot be represented exactly/)
  })
})

describe('a path with a quoted name', () => {
  for (const [path, value] of [
    ['resource.attributes["service.name"]', 'checkout'],
    ['resource["attributes"]["service.name"]', 'checkout'],
    ['["resource"].attributes.host.name', 'h'],
    ['resource.attributes["a\\"b"]', 1],
    ['["x.y"]["z.0"]', 2],
    ['resource.attributes.service.name', undefined],
    ['resource.attributes["service.name', undefined],
  ] as const)
    it(`given ${path}, then the value is ${value}`, () =>
      assert.equal(valueAt({ document: LOG }, parsePath(path)), value))

  it('given a field of the record whose own name looks like one, then that field is read', () =>
    assert.equal(valueAt({ document: { 'a["b"]': 1, a: { b: 2 } } }, parsePath('a["b"]')), 1))

  it('given a field of a JSON key, then it is read in the same way', () =>
    assert.equal(
      valueAt({ document: {}, key: Buffer.from('{"a":{"b.c":3}}') }, parsePath({ key: 'a["b.c"]' })),
      3,
    ))

  for (const [path, hint] of [
    [
      'resource.attributes.service.name',
      ': "service.name" is one name, so write resource.attributes["service.name"]',
    ],
    ['x.y.z.0', ': "x.y" is one name, so write ["x.y"].z.0'],
    ['resource.attributes.service.kind', ''],
    ['resource.attributes.host.id', ''],
  ] as const)
    it(`given ${path}, which is missing, then the reason ${hint ? 'says how to write it' : 'has no advice'}`, () =>
      assert.equal(describeMissing({ document: LOG }, [parsePath(path)]), `"${path}" is missing${hint}`))

  it('given any names, then the path that is written for them leads to the value', () => {
    const name = fc.oneof(
      fc.constantFrom('a', 'a.b', '', '"', '["x"]', '.', '[', '\\', 'line\nbreak'),
      fc.string(),
    )
    const steps = fc.array(
      name.filter(text => text !== '__proto__'),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(steps, names => {
        const document = names.reduceRight<unknown>((below, step) => ({ [step]: below }), 'found') as object
        assert.equal(valueAt({ document }, parsePath(formatPath(names))), 'found', formatPath(names))
      }),
    )
  })
})

describe('a value that is not a JSON object', () => {
  const compressedBy = (format: string) =>
    `is compressed by its producer (${format}): let it write JSON, and compress batches by compression.type, which Kafka clients undo`
  const utf16 = Buffer.from('\ufeff{"a":1}', 'utf16le')
  for (const [what, value, reason] of [
    ['several lines', '{"a":1}\n{"a":2}\n{"a":3}\n', 'has several documents (3 lines): send one record each'],
    [
      'lines that end as in Windows',
      '{"a":1}\r\n{"a":2}',
      'has several documents (2 lines): send one record each',
    ],
    ['two objects in a line', '{"a":1} {"a":2}', 'has several documents: send one record each'],
    ['two objects with breaks', '{\n"a":1}\n{\n"a":2}', 'has several documents: send one record each'],
    [
      'an array',
      '[{"a":1}]',
      'is a JSON array, and one record is one reading: send its elements as records, such as with `jq -c .[]`',
    ],
    ['a number', '21.5', 'is a number, not a JSON object'],
    ['a text in quotation marks', '"on"', 'is a string, not a JSON object'],
    ['a truth value', 'true', 'is a boolean, not a JSON object'],
    ['null', 'null', 'is null, not a JSON object'],
    ['a text', 'online', 'is not JSON'],
    ['lines of a log', 'a\nb', 'is not JSON'],
    ['an object that is cut off', '{"a":1', 'is not JSON'],
    ['an object with text behind it', '{"a":1} x', 'is not JSON'],
    ['no bytes', '', 'is empty'],
    ['spaces', ' \n', 'has nothing but spaces'],
    ['gzip', gzipSync('{"a":1}'), compressedBy('gzip')],
    ...[1, 5, 6, 9].map(
      level => [`zlib ${level}`, deflateSync('{"a":1}', { level }), compressedBy('zlib')] as const,
    ),
    ['zlib with a zero, as UTF-16 has', deflateSync('{"id":0}', { level: 1 }), compressedBy('zlib')],
    ['a text that begins as zlib does', 'x^{"a":1}', 'is not JSON'],
    ['Latin 1', Buffer.from('{"a":"\u00e4"}', 'latin1'), 'is not UTF-8'],
    ['UTF-16 with its mark', utf16, 'is UTF-16, not UTF-8'],
    ['UTF-16 without its mark', utf16.subarray(2), 'is UTF-16, not UTF-8'],
    ['Avro', Buffer.from([0, 0, 0, 0, 7, 2, 65]), 'is not JSON'],
    ['a byte order mark', '\ufeff{"a":1}', 'begins with a byte order mark: send it without'],
  ] as const)
    it(`given ${what}, then ${reason}`, () => {
      const bytes = Buffer.from(value as string)
      assert.equal(describeNoObject(bytes), reason)
      const failed = read(shipped('plain-sensor'), { ...foreignRecord({}), value: bytes })
      assert.equal('message' in failed && failed.message, `the value ${reason}`)
    })

  it('given an object with an end of line, then it is read', () =>
    assert.ok('document' in toDocument(toFileRecord('p', 1, '{"a":1}\r\n', 0), { position: ['p'] })))
})
