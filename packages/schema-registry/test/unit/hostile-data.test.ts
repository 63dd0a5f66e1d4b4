import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Codec, loadCodec, type SchemaFormat, UndecodableError } from '@sluice/schema-registry'
import protobuf from 'protobufjs'

const codec = (format: SchemaFormat, schema: object | string) =>
  loadCodec({ format, text: typeof schema === 'string' ? schema : JSON.stringify(schema), references: [] })

/** In milliseconds of this thread alone, so that it is the same on a busy machine. */
const MAX_WORK_MS = 5_000

/** Returns the refusal of the data: never a crash, and never more memory or work than the data justifies. */
function refusal(of: Codec, bytes: Buffer): string {
  const workBefore = process.threadCpuUsage()
  const before = process.memoryUsage().heapUsed
  try {
    return `read: ${JSON.stringify(of.read(bytes)).slice(0, 80)}`
  } catch (error) {
    assert.ok(error instanceof UndecodableError, String(error))
    const work = process.threadCpuUsage(workBefore)
    assert.ok((work.user + work.system) / 1_000 < MAX_WORK_MS, 'it took much work')
    assert.ok(process.memoryUsage().heapUsed - before < 256 * 1024 * 1024, 'it took memory')
    return error.message
  }
}

const zigzag = (value: bigint) => {
  const bytes: number[] = []
  let rest = (value << 1n) ^ (value >> 63n)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const RECORD = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'n', type: 'long' },
    { name: 't', type: 'string' },
  ],
}
const TREE = {
  type: 'record',
  name: 'Tree',
  fields: [{ name: 'child', type: ['null', 'Tree'], default: null }],
}

describe('Avro data that claims more than it holds', () => {
  for (const [what, schema, bytes, why] of [
    ['is cut off', RECORD, Buffer.from([2, 10, 0x61]), /ends too early/],
    ['is empty', RECORD, Buffer.alloc(0), /ends too early/],
    ['continues behind its end', 'null', Buffer.from([0]), /there are bytes after its end/],
    ['claims a text of 2^62 bytes', '"string"', zigzag(2n ** 62n), /ends too early/],
    ['claims a text of negative length', '"string"', zigzag(-5n), /negative/],
    ['claims 2^40 numbers', { type: 'array', items: 'double' }, zigzag(2n ** 40n), /more items/],
    ['claims 2^31 nulls', { type: 'array', items: 'null' }, zigzag(2n ** 31n), /more items/],
    [
      'claims 2^31 in a sized block',
      { type: 'array', items: 'null' },
      Buffer.concat([zigzag(-(2n ** 31n)), zigzag(1n)]),
      /more items/,
    ],
    ['claims 2^40 entries', { type: 'map', values: 'null' }, zigzag(2n ** 40n), /more items/],
    ['names a branch that is not there', ['null', 'long'], zigzag(7n), /branch/],
    ['names a negative symbol', { type: 'enum', name: 'E', symbols: ['A'] }, zigzag(-1n), /symbol/],
    ['has a number of 77 bits', '"long"', Buffer.from('ffffffffffffffffffff7f', 'hex'), /64 bits/],
    ['has an int of 40 bits', '"int"', zigzag(2n ** 40n), /32 bits/],
    ['has a text that is not UTF-8', '"string"', Buffer.from([4, 0xc3, 0x28]), /UTF-8/],
    ['has a number that is not one', '"double"', Buffer.from('000000000000f87f', 'hex'), /not finite/],
    ['has a boolean of 2', '"boolean"', Buffer.from([2]), /boolean/],
    ['is nested 100,000 times', TREE, Buffer.alloc(100_000, 2), /nested/],
  ] as const)
    it(`given a value that ${what}, then it is refused`, async () => {
      const text = typeof schema === 'string' && !schema.startsWith('"') ? `"${schema}"` : schema
      assert.match(refusal(await codec('AVRO', text), bytes), why)
    })
})

describe('Protobuf data that claims more than it holds', () => {
  const PROTO = `syntax = "proto3";
message Order { repeated Line lines = 1; Order inner = 2; double price = 3; string name = 4; }
message Line { string item = 1; }`

  const many = `syntax = "proto3"; message All { repeated One ones = 1; }
message One { ${Array.from({ length: 200 }, (_, index) => `int32 f${index} = ${index + 1};`).join(' ')} }`

  const deep = () => {
    let bytes = Buffer.alloc(0)
    for (let level = 0; level < 5_000; level += 1) {
      const length = protobuf.Writer.create().uint32(bytes.length).finish()
      bytes = Buffer.concat([Buffer.from([0x12]), length, bytes])
    }
    return Buffer.concat([Buffer.from([0]), bytes])
  }

  for (const [what, schema, bytes, why] of [
    ['is cut off', PROTO, Buffer.from([0, 0x0a, 50, 1]), /index out of range/],
    ['is empty', PROTO, Buffer.alloc(0), /index out of range/],
    ['names message 7', PROTO, Buffer.from([2, 14]), /: it names message 7, which the schema does not have$/],
    ['names a message by 2^30 numbers', PROTO, Buffer.from('feffffff0f', 'hex'), /impossible length/],
    ['names a message by a negative number', PROTO, Buffer.from([2, 1]), /names message -1, which/],
    ['names a message by -1 numbers', PROTO, Buffer.from([1]), /impossible length/],
    ['is nested 5,000 times', PROTO, deep(), /depth/],
    ['has a number that is not one', PROTO, Buffer.from('0019000000000000f87f', 'hex'), /not finite/],
    ['has a text that is not UTF-8', PROTO, Buffer.from([0, 0x22, 2, 0xc3, 0x28]), /UTF/i],
    [
      'stands for 20 million values',
      many,
      Buffer.concat([Buffer.from([0]), Buffer.alloc(200_000, Buffer.from([0x0a, 0]))]),
      /values/,
    ],
  ] as const)
    it(`given a message that ${what}, then it is refused`, async () => {
      assert.match(refusal(await codec('PROTOBUF', schema), bytes), why)
    })
})

describe('JSON with a schema', () => {
  const LIST = { $ref: '#/$defs/list', $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } } }
  // A backtracking engine would try 2 to the power of 5,000 ways.
  it('given a pattern with many ways to match, then a text is refused in linear time', async () => {
    const slow = await codec('JSON', { type: 'string', pattern: '^(\\w+-?)*$' })
    assert.match(
      refusal(slow, Buffer.from(JSON.stringify(`${'a'.repeat(5_000)}!`))),
      /does not match its schema/,
    )
    assert.match(refusal(slow, Buffer.from('"roof-1"')), /^read: /)
  })

  it('given a pattern that RE2 cannot match, then the schema is refused', () =>
    assert.rejects(codec('JSON', { pattern: '(?=a)' }), /its schema cannot be used: .*\(\?=/))

  it('given lists within one another 100,000 times, then it is refused', async () => {
    const deep = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000))
    assert.match(refusal(await codec('JSON', LIST), deep), /nested/)
  })

  it('given bytes that are not UTF-8, then it is refused', async () => {
    assert.match(refusal(await codec('JSON', {}), Buffer.from([0x22, 0xc3, 0x28, 0x22])), /UTF-8/)
  })

  it('given a name chosen by the producer, then the message does not show it', async () => {
    const strings = await codec('JSON', { additionalProperties: { type: 'string' } })
    const why = refusal(strings, Buffer.from('{"secret word!":1}'))
    assert.match(why, /must be string/)
    assert.doesNotMatch(why, /secret/)
  })
})
