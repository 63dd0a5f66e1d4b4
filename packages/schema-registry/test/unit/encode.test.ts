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

describe('given the JSON mapping of Protobuf', () => {
  const IMPORTS = ['timestamp', 'duration', 'wrappers'].map(name => `import "google/protobuf/${name}.proto";`)
  const load = (fields: string) => {
    const text = `syntax = "proto3"; ${IMPORTS.join(' ')} message A { ${fields} } enum Kind { NONE = 0; AIR = 1; }`
    return loadCodec({ format: 'PROTOBUF', text, references: [] }, 'plain')
  }

  test('then names are those of the mapping, and another spelling is refused with them', async () => {
    const fields =
      'float pm2_5 = 1; float PM_10 = 2; float wind = 3 [json_name = "windSpeed"]; int32 __a_b_ = 4;'
    const { read, decode, encode } = await load(fields)
    const data = { pm25: 1.5, PM10: 2, windSpeed: 3, AB: 4 }
    assert.deepEqual(read(encode(data)), data)
    assert.deepEqual(JSON.parse(decode(encode(data))), data)
    for (const [other, name] of Object.entries({ pm2_5: 'pm25', wind: 'windSpeed', _AB_: 'AB' }))
      assert.throws(
        () => encode({ ...data, [other]: 1 }),
        new RegExp(`not a field of A: its name in JSON is ${name}$`),
      )
  })

  const TIMES = 'google.protobuf.Timestamp at = 1; google.protobuf.Duration lasted = 2;'
  test('then what is read can be written', async () => {
    const { read, encode } = await load(`${TIMES} Kind kind = 3; repeated int64 big = 4;
      map<uint64, google.protobuf.Duration> each = 5; google.protobuf.Int64Value boxed = 6; bytes raw = 7;`)
    for (const [at, lasted] of [
      ['0001-01-01T00:00:00Z', '-315576000000.999999999s'],
      ['9999-12-31T23:59:59.999999999Z', '315576000000s'],
      ['1969-12-31T23:59:59.500Z', '-0.000001s'],
    ]) {
      const big = [1e18, -(2 ** 53)]
      const data = { at, lasted, kind: 7, big, each: { 1: '0s' }, boxed: -1, raw: '/wA=' }
      assert.deepEqual(read(encode(data)), data)
    }
    const other = { kind: 1, raw: '', at: '2026-01-01T01:00:00.5+01:00' }
    assert.deepEqual(read(encode(other)), { kind: 'AIR', raw: '', at: '2026-01-01T00:00:00.500Z' })
    const long = encode({ kind: 'AIR', raw: '', big: ['-9223372036854775808'] })
    assert.throws(() => read(long), { code: 'number-not-exact' })
  })

  test('then times and durations out of range are an error, never another one', async () => {
    const { read, decode, encode } = await load(TIMES)
    const raw = await load('M at = 1; M lasted = 2; message M { int64 seconds = 1; int32 nanos = 2; }')
    // biome-ignore format: a table
    for (const [name, seconds, nanos] of [
      ['at', 253_402_300_800, 0], ['at', -62_135_596_801, 0], ['at', 0, -1], ['at', 0, 1e9],
      ['lasted', 315_576_000_001, 0], ['lasted', 1, -1], ['lasted', -1, 1], ['lasted', 0, 1e9],
    ] as const)
      for (const convert of [read, decode])
        assert.throws(() => convert(raw.encode({ [name]: { seconds, nanos } })), /: a \w+ is out of range/)
    for (const at of [
      '10000-01-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '0001-01-01T00:00:00+00:01',
      '2026-01-01',
      5,
    ])
      assert.throws(() => encode({ at }), /^UnencodableError: at must be an RFC 3339 time/)
    for (const lasted of ['1', '1.s', '315576000001s', 5])
      assert.throws(() => encode({ lasted }), /^UnencodableError: lasted must be a duration/)
  })
})
