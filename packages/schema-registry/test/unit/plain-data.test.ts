import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCodec, type SchemaFormat } from '@sluice/schema-registry'
import avro from 'avsc'
import protobuf from 'protobufjs'

const codec = (format: SchemaFormat, text: string, form?: 'plain') =>
  loadCodec({ format, text, references: [] }, form)

const READING = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'count', type: 'long' },
    { name: 'value', type: ['null', 'double'], default: null },
    { name: 'key', type: ['null', 'bytes'] },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'list', type: { type: 'array', items: ['int', 'boolean', 'float'] } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
    { name: 'next', type: ['null', 'Reading'], default: null },
  ],
} as const

describe('what is read from Avro', () => {
  const type = avro.Type.forSchema(READING as never, { wrapUnions: 'always' })
  const value = {
    id: 'é1',
    count: -123_456_789_012,
    value: null,
    key: null,
    kind: 'B',
    tags: JSON.parse('{"__proto__":"x"}'),
    list: [{ int: -7 }, { boolean: true }, { float: 0.5 }],
    hash: Buffer.from([255, 0]),
    next: null,
  }

  it('given optional and required nulls, then optional ones are absent, as in JSON', async () => {
    const bytes = type.toBuffer({ ...value, next: { Reading: { ...value, value: { double: 0 } } } })
    const plain = {
      id: 'é1',
      count: -123_456_789_012,
      key: null,
      kind: 'B',
      tags: JSON.parse('{"__proto__":"x"}'),
      list: [-7, true, 0.5],
      hash: '/wA=',
    }
    const read = (await codec('AVRO', JSON.stringify(READING))).read(bytes)
    assert.deepEqual(read, { ...plain, next: { ...plain, value: 0 } })
  })

  for (const [digits, isExact] of [
    [2n ** 53n - 1n, true],
    [-(2n ** 53n), true],
    [2n ** 53n + 1n, false],
    [-(2n ** 63n), false],
    [2n ** 63n - 1n, false],
  ] as const)
    it(`given the integer ${digits}, then it is ${isExact ? 'read' : 'refused: its digits would change'}`, async () => {
      const bytes: number[] = []
      let rest = BigInt.asUintN(64, (digits << 1n) ^ (digits >> 63n))
      for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
      const body = Buffer.from([...bytes, Number(rest)])
      const { read, decode } = await codec('AVRO', '"long"')
      if (isExact) assert.equal(read(body), Number(digits))
      else assert.throws(() => read(body), { code: 'number-not-exact' })
      assert.equal(decode(body), String(digits))
    })
})

describe('what is read from Protobuf', () => {
  const PROTO = `syntax = "proto3";
message Reading {
  string sensor_id = 1; double value = 2; optional double other = 3; int64 count = 4; bytes raw = 5; Kind kind = 6;
  repeated int32 list = 7; map<string, uint64> totals = 8; Inner inner = 9; oneof choice { string one = 10; bool two = 11; }
}
message Inner { bool on = 1; }
enum Kind { NONE = 0; SOME = 1; }`
  const type = protobuf.parse(PROTO).root.lookupType('Reading')
  const encodeBytes = (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish())

  it('given nothing but zeros, then fields without presence are there, and others are not', async () => {
    const { read } = await codec('PROTOBUF', PROTO, 'plain')
    const zeros = { sensorId: '', value: 0, count: 0, raw: '', kind: 'NONE' }
    assert.deepEqual(read(Buffer.alloc(0)), zeros)
    assert.deepEqual(read(encodeBytes({ inner: {}, other: 0, two: false })), {
      ...zeros,
      inner: { on: false },
      other: 0,
      two: false,
    })
  })

  it('given every kind of field, then each is as JSON would have it', async () => {
    const { read } = await codec('PROTOBUF', PROTO, 'plain')
    const plain = {
      sensorId: 's-1',
      value: 21.5,
      count: -5,
      raw: '/wA=',
      kind: 'SOME',
      list: [1, -2],
      totals: { a: 7 },
      one: 'x',
    }
    assert.deepEqual(read(encodeBytes(plain)), plain)
  })

  it('given a number of 64 bits that a double does not hold, then it is refused', async () => {
    const { read } = await codec('PROTOBUF', PROTO, 'plain')
    assert.throws(() => read(encodeBytes({ count: '9007199254740993' })), { code: 'number-not-exact' })
  })
})

describe('maps in Protobuf', () => {
  const KEYS = ['int64', 'sint64', 'uint64', 'fixed64', 'sfixed64', 'int32', 'string', 'bool'] as const
  for (const type of KEYS)
    it(`given keys of type ${type}, then they are read as they were written`, async () => {
      const text = `syntax = "proto3"; message A { map<${type}, int32> m = 1; }`
      const { encode, read } = await codec('PROTOBUF', text, 'plain')
      const isSigned = !['uint64', 'fixed64', 'bool'].includes(type)
      const keys =
        type === 'bool'
          ? ['false', 'true']
          : ['1', '12345678', '9007199254740993', ...(isSigned ? ['-7'] : [])]
      const fits = keys.filter(key => type !== 'int32' || key.length < 10)
      const m = Object.fromEntries(fits.map((key, at) => [key, at + 1]))
      assert.deepEqual(read(encode({ m })), { m })
    })

  for (const [type, key] of [
    ['int64', 'one'],
    ['uint64', '-1'],
    ['uint64', '18446744073709551616'],
    ['int32', '2147483648'],
    ['int64', '01'],
    ['bool', 'yes'],
  ] as const)
    it(`given the key ${key} for ${type}, then it is not written`, async () => {
      const text = `syntax = "proto3"; message A { map<${type}, int32> m = 1; }`
      const { encode } = await codec('PROTOBUF', text, 'plain')
      assert.throws(() => encode({ m: { [key]: 1 } }), {
        name: 'UnencodableError',
        message: /^m must have keys/,
      })
    })
})
