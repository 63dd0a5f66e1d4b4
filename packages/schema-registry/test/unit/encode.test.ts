import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadCodec, type SchemaFormat, UnencodableError } from '@sluice/schema-registry'

const AVRO = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'temperature', type: ['null', 'double'], default: null },
    { name: 'count', type: 'long' },
    { name: 'raw', type: ['null', 'bytes'], default: null },
    { name: 'tags', type: { type: 'map', values: 'string' }, default: {} },
  ],
}
const PROTOBUF = `syntax = "proto3";
package test;
message Reading {
  string id = 1;
  optional double temperature = 2;
  int64 count = 3;
  optional bytes raw = 4;
  map<string, string> tags = 5;
  optional Kind kind = 6;
  repeated Part parts = 7;
}
message Part { string name = 1; }
enum Kind { NONE = 0; AIR = 1; }
`
const JSON_SCHEMA = {
  type: 'object',
  required: ['id', 'count'],
  additionalProperties: false,
  properties: { id: { type: 'string' }, count: { type: 'integer' }, temperature: { type: 'number' } },
}
const TEXTS: Readonly<Record<SchemaFormat, string>> = {
  AVRO: JSON.stringify(AVRO),
  PROTOBUF,
  JSON: JSON.stringify(JSON_SCHEMA),
}
const createCodec = (format: SchemaFormat, form?: 'plain') =>
  loadCodec({ format, text: TEXTS[format], references: [] }, form)

for (const format of ['AVRO', 'PROTOBUF', 'JSON'] as const) {
  describe(`given a schema in ${format}`, () => {
    test('when data that fits it is written and read, then it is the same', async () => {
      const codec = await createCodec(format)
      const data = { id: 's-1', count: 7, temperature: -0.5 }
      const read = JSON.parse(codec.decode(codec.encode(data)))
      assert.equal(read.id, 's-1')
      assert.equal(Number(read.count), 7)
      assert.equal(read.temperature, -0.5)
    })

    for (const [what, data, place] of [
      ['a value of another type', { id: 's-1', count: 'secret' }, /count/],
      ['a field that the schema does not have', { id: 's-1', count: 1, secret: 'secret' }, /./],
      ['a missing field', { id: 's-1' }, /count|data/],
      ['no object', 'secret', /^data must be|^id must be/],
    ] as const)
      test(`when data with ${what} is written, then the error names its place`, async () => {
        const codec = await createCodec(format)
        assert.throws(
          () => codec.encode(data),
          error => {
            assert.ok(error instanceof UnencodableError, String(error))
            assert.match(error.message, place)
            if (what !== 'a field that the schema does not have') assert.doesNotMatch(error.message, /secret/)
            return true
          },
        )
      })
  })
}

describe('given Protobuf', () => {
  test('when it is framed, then the index of the first message stands before the same bytes', async () => {
    const data = { id: 's-1', count: 1 }
    const framed = (await createCodec('PROTOBUF')).encode(data)
    const plain = await createCodec('PROTOBUF', 'plain')
    assert.deepEqual(framed, Buffer.concat([Buffer.of(0), plain.encode(data)]))
    assert.equal(JSON.parse(plain.decode(plain.encode(data))).id, 's-1')
  })

  test('when an enum or a message is wrong, then the error names the place', async () => {
    const plain = await createCodec('PROTOBUF', 'plain')
    const data = { id: 's-1', count: 1 }
    assert.equal(plain.encode({ ...data, kind: 'AIR' }).at(-1), 1)
    assert.throws(() => plain.encode({ ...data, kind: 'WATER' }), { message: 'kind must be a Kind' })
    assert.throws(() => plain.encode({ ...data, parts: [{ name: 'a' }, { nam: 'b' }] }), {
      message: 'parts.1.nam is not a field of Part',
    })
    assert.throws(() => plain.encode({ ...data, parts: {} }), { message: 'parts must be a list' })
    assert.throws(() => plain.encode({ ...data, tags: { a: 1 } }), { message: 'tags.a must be string' })
    assert.throws(() => plain.encode({ ...data, count: 2 ** 60 }), /count must be a whole number/)
  })
})
