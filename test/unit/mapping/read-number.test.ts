import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure } from '#runtime/cloudevents'
import { deviceMapping, foreignRecord, read } from './support.ts'

/** Returns the number that is read from JSON text, or the reason why none is. */
function readResult(x: string, document: string): unknown {
  const mapping = deviceMapping({
    time: 'record',
    fields: `{ deviceId: { constant: d }, model: { constant: m }, x: ${x} }`,
  })
  const found = read(mapping, foreignRecord(Buffer.from(document)))
  return isFailure(found)
    ? `${found.code}: ${found.message.replace('mapping test: ', '')}`
    : (found.data as { x?: number }).x
}

const INEXACT =
  'number-not-exact: "v" cannot be represented exactly as a double: round it, or keep its digits in a tag, with `as: text`'

describe('a number that is a text', () => {
  for (const [text, expected] of [
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992],
    ['9007199254740993', INEXACT],
    ['-9007199254740993', INEXACT],
    ['+0009007199254740993', INEXACT],
    ['0009007199254740992', 9007199254740992],
    [' 9007199254740993 ', INEXACT],
    ['12345678901234567890123', INEXACT],
    ['100000000000000000000', 100000000000000000000],
    ['1e400', INEXACT],
    ['-0', -0],
    ['0.1', 0.1],
    ['0.30000000000000000001', 0.3],
    ['9007199254740993.0', 9007199254740992],
    ['1.5e+06', 1_500_000],
    ['NaN', 'mapping-failed: "v" must be a number that is finite'],
    ['-Infinity', 'mapping-failed: "v" must be a number that is finite'],
    ['+Inf', 'mapping-failed: "v" must be a number that is finite'],
    ['1,234,567', 'mapping-failed: "v" must be a number'],
    ['0x10', 'mapping-failed: "v" must be a number'],
  ] as const)
    it(`given ${JSON.stringify(text)}, then the result is ${expected}`, () =>
      assert.deepEqual(readResult('{ from: v, as: number }', JSON.stringify({ v: text })), expected))

  it('given a decimal comma, or a part of a text, then the same holds', () => {
    assert.equal(readResult('{ from: v, as: decimal-comma }', '{"v":"9007199254740993"}'), INEXACT)
    assert.equal(
      readResult('{ from: v, pattern: "^(.+) W$", as: number }', '{"v":"9007199254740993 W"}'),
      INEXACT,
    )
    assert.equal(
      readResult('{ from: v, as: number, orElse: absent, default: 5 }', '{"v":"9007199254740993"}'),
      5,
    )
  })

  // Promise config/mappings/README.md#what-does-not-fit | No digits are lost, and a decimal in base64 is never read as a number, wherever its schema or change event is in the record.
  it('given the same digits as a number of JSON, then the result is the same', () => {
    for (const digits of [
      '9007199254740991',
      '9007199254740993',
      '-9007199254740993',
      '9007199254740992',
      '0.1',
    ])
      assert.deepEqual(
        readResult('{ from: v, as: number }', `{"v":"${digits}"}`),
        readResult('{ from: v, as: number }', `{"v":${digits}}`),
        digits,
      )
  })
})

describe('a decimal in base64', () => {
  const ENVELOPE = { op: 'c', source: { connector: 'postgresql' } }
  const IN_BASE64 = (name: string) =>
    `mapping-failed: "${name}" may be a decimal in base64, as Debezium writes it by default: set decimal.handling.mode=double`
  const fields = (name: string, type: object) => [{ field: 'after', fields: [{ field: name, ...type }] }]
  const decimal = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } }
  for (const [given, x, document, expected] of [
    ['padding', 'after.load', { ...ENVELOPE, after: { load: 'ASw=' } }, IN_BASE64('after.load')],
    ['digits only', 'after.load', { ...ENVELOPE, after: { load: '1234' } }, IN_BASE64('after.load')],
    ['letters only', 'after.load', { ...ENVELOPE, after: { load: 'Load' } }, IN_BASE64('after.load')],
    ['a point', 'after.load', { ...ENVELOPE, after: { load: '12.5' } }, 12.5],
    ['three digits', 'after.load', { ...ENVELOPE, after: { load: '123' } }, 123],
    ['padding in a plain record', 'load', { load: 'ASw=' }, IN_BASE64('load')],
    ['digits in a plain record', 'load', { load: '1234' }, 1234],
    [
      'an envelope in a payload',
      'payload.after.load',
      { payload: { ...ENVELOPE, after: { load: '1234' } } },
      IN_BASE64('payload.after.load'),
    ],
    [
      'a schema with a decimal',
      'payload.after.load',
      { schema: { fields: fields('load', decimal) }, payload: { after: { load: '123' } } },
      IN_BASE64('payload.after.load'),
    ],
    [
      'an envelope one level down',
      'detail.after.load',
      { source: 'aws.kafka', detail: { ...ENVELOPE, after: { load: '1234' } } },
      IN_BASE64('detail.after.load'),
    ],
    ['an envelope in one level', 'load', { load: '1234', __op: 'u' }, IN_BASE64('load')],
    [
      'a deleted row in one level',
      'row.load',
      { row: { load: '1234', __deleted: 'true' } },
      IN_BASE64('row.load'),
    ],
    [
      "a CloudEvent's envelope",
      'data.load',
      { iodebeziumop: 'c', data: { load: '1234' } },
      IN_BASE64('data.load'),
    ],
    [
      "a CloudEvent's type",
      'data.after.load',
      { type: 'io.debezium.connector.mysql.DataChangeEvent', data: { after: { load: '1234' } } },
      IN_BASE64('data.after.load'),
    ],
    [
      'an envelope in a text',
      'log.after.load',
      { log: JSON.stringify({ ...ENVELOPE, after: { load: '1234' } }) },
      IN_BASE64('log.after.load'),
    ],
    ...['', 'payload.'].map(
      payload =>
        [
          `a schema with a decimal below the top, and "${payload}" in the path`,
          `data.${payload}after.load`,
          { data: { schema: { fields: fields('load', decimal) }, payload: { after: { load: '1234' } } } },
          IN_BASE64(`data.${payload}after.load`),
        ] as const,
    ),
    [
      'a schema of bytes in a map of lists',
      'v.payload.m.a.0',
      {
        v: {
          schema: { fields: [{ field: 'm', values: { items: { type: 'bytes' } } }] },
          payload: { m: { a: ['1234'] } },
        },
      },
      IN_BASE64('v.payload.m.a.0'),
    ],
    [
      'a schema of the value alone',
      'data.payload',
      { data: { schema: decimal, payload: '1234' } },
      IN_BASE64('data.payload'),
    ],
    [
      'a schema with a number within a change event',
      'data.after.load',
      {
        iodebeziumop: 'c',
        data: {
          schema: { fields: fields('load', { type: 'string' }) },
          payload: { after: { load: '1234' } },
        },
      },
      1234,
    ],
    [
      'a schema with a text',
      'payload.after.load',
      {
        schema: { fields: fields('load', { type: 'string' }) },
        payload: { ...ENVELOPE, after: { load: '1234' } },
      },
      1234,
    ],
  ] as const)
    it(`given ${given}, then the result is ${expected}`, () =>
      assert.equal(readResult(`{ from: ${x}, as: number }`, JSON.stringify(document)), expected))

  it('given a pattern, then it says that the text has digits', () => {
    const document = JSON.stringify({ ...ENVELOPE, v: '1234' })
    assert.equal(readResult("{ from: v, pattern: '^([0-9.]+)$', as: number }", document), 1234)
  })
})

describe('a path that ends early', () => {
  const readReason = (path: string, document: object) =>
    readResult(`{ from: ${path} }`, JSON.stringify(document))
  for (const [path, document, reason] of [
    ['Body.v', { Body: 'v=1' }, '"Body.v" is missing: "Body" is a text that is not a JSON object'],
    ['Body.v', { Body: '{"v":' }, '"Body.v" is missing: "Body" is a text that is not a JSON object'],
    ['Body.v.w', { Body: '{"v":1}' }, '"Body.v.w" is missing: "Body.v" is a number, not an object'],
    ['a.b.c', { a: { b: 7 } }, '"a.b.c" is missing: "a.b" is a number, not an object'],
    ['a.b', { a: false }, '"a.b" is missing: "a" is a boolean, not an object'],
    [
      'readings.v',
      { readings: [{ v: 1 }] },
      '"readings.v" is missing: "readings" is a list, whose first element is "readings.0"',
    ],
    ['readings.3.v', { readings: [{ v: 1 }] }, '"readings.3.v" is missing'],
    ['a.b', { a: null }, '"a.b" is missing'],
  ] as const)
    it(`given ${path}, then the reason is ${reason}`, () => {
      const mapping = deviceMapping({
        time: 'record',
        fields: `{ deviceId: { from: ${path}, as: text }, model: { constant: m }, x: x }`,
      })
      const found = read(mapping, foreignRecord({ x: 1, ...document }))
      assert.equal('message' in found && found.message, `mapping test: ${reason}`)
      const condition = deviceMapping({ when: `{ has: [${path}] }` })
      const unmet = read(condition, foreignRecord(document))
      const expected = reason.replace(/^(".+?") is missing/, 'it has no $1')
      assert.equal('message' in unmet && unmet.message, `mapping test: ${expected}`)
    })

  it('given an optional metric, then the reading that is empty without it names the path', () => {
    assert.match(String(readReason('Body.v', { Body: 'v=1' })), /"Body" is a text/)
  })
})
