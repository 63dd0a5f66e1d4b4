/** Data that a format cannot hold is refused when it is written: nothing is lost or changed in silence. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'

const avro = (schema: unknown) =>
  loadCodec({ format: 'AVRO', text: JSON.stringify(schema), references: [] }, 'plain')
const protobuf = (text: string) =>
  loadCodec({ format: 'PROTOBUF', text: `syntax = "proto3"; ${text}`, references: [] }, 'plain')

const record = (type: unknown) => ({ type: 'record', name: 'R', fields: [{ name: 'v', type }] })

describe('a number that is not finite', () => {
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    for (const [what, type, data] of [
      ['a double', 'double', value],
      ['a float', 'float', value],
      ['an optional double', ['null', 'double'], value],
      ['a list', { type: 'array', items: 'double' }, [1, value]],
      ['a map', { type: 'map', values: 'float' }, { a: value }],
    ] as const)
      it(`given ${value} in ${what} of Avro, then it is refused with its place`, async () => {
        const codec = await avro(record(type))
        assert.throws(() => codec.encode({ v: data }), { name: 'UnencodableError', message: /^v.*finite/ })
      })

    for (const [what, type, data] of [
      ['a double', 'double v = 1;', value],
      ['a float', 'optional float v = 1;', value],
      ['a list', 'repeated double v = 1;', [1, value]],
      ['a map', 'map<string, double> v = 1;', { a: value }],
    ] as const)
      it(`given ${value} in ${what} of Protobuf, then it is refused with its place`, async () => {
        const codec = await protobuf(`message R { ${type} }`)
        assert.throws(() => codec.encode({ v: data }), { name: 'UnencodableError', message: /^v.*finite/ })
      })
  }

  it('given a number beyond the range of a float, then it is refused', async () => {
    const { encode: inAvro } = await avro(record('float'))
    const { encode: inProtobuf } = await protobuf('message R { float v = 1; }')
    for (const encode of [inAvro, inProtobuf])
      assert.throws(() => encode({ v: 1e300 }), { name: 'UnencodableError', message: /^v/ })
  })
})

it('given two fields of one oneof, then they are refused: readers would see the last one alone', async () => {
  const { encode, read } = await protobuf(
    'message R { oneof one { int32 a = 1; string b = 2; } optional int32 c = 3; }',
  )
  assert.throws(() => encode({ a: 5, b: 'x' }), {
    name: 'UnencodableError',
    message: 'b cannot be set together with a: both belong to the oneof one',
  })
  assert.deepEqual(read(encode({ b: 'x', c: 1 })), { b: 'x', c: 1 })
})

describe('the well-known types of Protobuf', () => {
  const imports = ['wrappers', 'struct', 'field_mask']
    .map(name => `import "google/protobuf/${name}.proto";`)
    .join(' ')

  for (const [type, value, zero] of [
    ['DoubleValue', 2.5, 0],
    ['FloatValue', 0.5, 0],
    ['Int64Value', -7, 0],
    ['UInt64Value', 7, 0],
    ['Int32Value', -7, 0],
    ['UInt32Value', 7, 0],
    ['BoolValue', true, false],
    ['StringValue', 'x', ''],
    ['BytesValue', 'AP8=', ''],
  ] as const)
    it(`given a ${type}, then it is the value alone, and a missing one is absent`, async () => {
      const { encode, read, decode } = await protobuf(
        `${imports} message R { google.protobuf.${type} v = 1; repeated google.protobuf.${type} l = 2; }`,
      )
      for (const data of [{ v: value, l: [zero, value] }, { v: zero }, {}])
        assert.deepEqual(read(encode(data)), data)
      const { v } = JSON.parse(decode(encode({ v: value })))
      assert.equal(String(v), String(value), 'in the JSON mapping, 64-bit integers are text')
      assert.equal(String(JSON.parse(decode(encode({ v: zero }))).v), String(zero))
    })

  for (const type of ['Struct', 'Value', 'ListValue', 'FieldMask'])
    it(`given a ${type}, whose JSON form is not supported, then it is refused in both directions`, async () => {
      const { encode, read } = await protobuf(`${imports} message R { google.protobuf.${type} v = 1; }`)
      assert.throws(() => encode({ v: {} }), {
        name: 'UnencodableError',
        message: new RegExp(`^v .*${type}`),
      })
      assert.throws(() => read(Buffer.from([0x0a, 0])), {
        name: 'UndecodableError',
        message: new RegExp(type),
      })
      assert.deepEqual(read(encode({})), {})
    })
})
