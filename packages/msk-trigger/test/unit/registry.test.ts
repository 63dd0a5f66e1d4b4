import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { framed, startSchemaRegistry } from '@sluice/test-kit/schema-registry'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { readFilter } from '../../config/filters.ts'
import type { RegistryConfig } from '../../config/registry-setting.ts'
import type { LambdaRecord, PolledMessage } from '../../invoke/event.ts'
import { type Entry, makeIntake } from '../../poll/intake.ts'
import { lambdaRecord } from './event-object.ts'

const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  properties: { n: { type: 'integer' } },
  required: ['n'],
})
const AVRO_SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'raw', type: 'bytes' },
  ],
})
const PROTO = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "money.proto";
message First { string a = 1; }
message Order {
  message Line { string item_name = 1; int64 count = 2; }
  repeated Line lines = 1;
  google.protobuf.Timestamp at = 2;
  Money total = 3;
}`
const MONEY = 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }'

let registry: Awaited<ReturnType<typeof startSchemaRegistry>>
before(async () => {
  registry = await startSchemaRegistry()
  registry.schemas.set(1, { schema: JSON_SCHEMA, schemaType: 'JSON' })
  registry.schemas.set(2, { schema: AVRO_SCHEMA })
  registry.schemas.set(3, {
    schema: PROTO,
    schemaType: 'PROTOBUF',
    references: [{ name: 'money.proto', subject: 'money/1', version: 1 }],
  })
  registry.subjects.set('money/1', { schema: MONEY, schemaType: 'PROTOBUF' })
  registry.schemas.set(4, { schema: '{"type":"nonsense"}' })
})
after(() => registry.close())
beforeEach(() => {
  registry.answerWith(200)
  registry.requests.length = 0
})

const message = (value: Buffer | null, key: Buffer | null = null): PolledMessage => ({
  key,
  value,
  timestamp: '1749116692330',
  offset: '0',
  headers: {},
})

function intake(config: Partial<RegistryConfig> = {}, patterns: unknown[] = []) {
  return makeIntake({
    filters: patterns.map(readFilter),
    registry: { uri: registry.uri, form: 'JSON', validates: ['VALUE'], ...config },
  })
}

async function one(
  value: Buffer | null,
  config: Partial<RegistryConfig> = {},
  patterns: unknown[] = [],
): Promise<Entry> {
  const [entry] = await intake(config, patterns)(0, [message(value)])
  assert.ok(entry)
  return entry
}

function record(entry: Entry): LambdaRecord {
  assert.equal(entry.fate, 'deliver', JSON.stringify(entry))
  return lambdaRecord('t', 0, entry.message)
}

const decoded = (value: string | null | undefined) => Buffer.from(value ?? '', 'base64')

function avroBody(value: object): Buffer {
  return avro.Type.forSchema(JSON.parse(AVRO_SCHEMA), { wrapUnions: 'never' }).toBuffer(value)
}

function orderBody(index: readonly number[]): Buffer {
  const { root } = protobuf.parse(PROTO)
  protobuf.parse(MONEY, root)
  root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {})
  const type = root.lookupType('shop.Order')
  const order = {
    lines: [{ itemName: 'pen', count: '9007199254740993' }],
    at: { seconds: 1_700_000_000, nanos: 5_000_000 },
    total: { cents: 5 },
  }
  const prefix = protobuf.Writer.create()
  for (const number of [index.length, ...index]) prefix.sint32(number)
  return Buffer.concat([prefix.finish(), type.encode(type.fromObject(order)).finish()])
}

// Promise packages/msk-trigger/RULES.md#rule 14
describe('a record with a schema (rule 14)', () => {
  it('in JSON is validated against its schema and keeps its bytes', async () => {
    for (const form of ['JSON', 'SOURCE'] as const) {
      const { value, valueSchemaMetadata } = record(await one(framed(1, '{ "n": 1 }'), { form }))
      assert.equal(decoded(value).toString(), '{ "n": 1 }')
      assert.deepEqual(valueSchemaMetadata, { dataFormat: 'JSON', schemaId: '1' })
    }
  })

  it('in Avro becomes JSON, with 64-bit numbers in full and unions without their branch', async () => {
    const body = Buffer.concat([
      avro.Type.forSchema('long').toBuffer(7),
      avroBody({ id: 1, note: 'x', raw: Buffer.from([1, 233]) }).subarray(1),
    ])
    const { value, valueSchemaMetadata } = record(await one(framed(2, body)))
    assert.deepEqual(JSON.parse(decoded(value).toString()), { id: 7, note: 'x', raw: '\u0001é' })
    assert.deepEqual(valueSchemaMetadata, { dataFormat: 'AVRO', schemaId: '2' })
    // 2^53 + 1, as a zigzag varint.
    const long = Buffer.from('82808080808080 20'.replace(' ', ''), 'hex')
    const big = Buffer.concat([long, Buffer.from([0, 0])])
    assert.match(
      decoded(record(await one(framed(2, big))).value).toString(),
      /"id":9007199254740993,"note":null/,
    )
  })

  it('in Avro keeps its bytes without the id in the form SOURCE', async () => {
    const body = avroBody({ id: 1, note: null, raw: Buffer.alloc(0) })
    assert.deepEqual(decoded(record(await one(framed(2, body), { form: 'SOURCE' })).value), body)
  })

  it('in Protobuf becomes its JSON form, with types from other files of the registry', async () => {
    const { value, valueSchemaMetadata } = record(await one(framed(3, orderBody([1]))))
    assert.deepEqual(JSON.parse(decoded(value).toString()), {
      lines: [{ itemName: 'pen', count: '9007199254740993' }],
      at: '2023-11-14T22:13:20.005Z',
      total: { cents: '5' },
    })
    assert.deepEqual(valueSchemaMetadata, { dataFormat: 'PROTOBUF', schemaId: '3' })
  })

  it('in Protobuf keeps its message index in the form SOURCE', async () => {
    const body = orderBody([1])
    assert.deepEqual(decoded(record(await one(framed(3, body), { form: 'SOURCE' })).value), body)
  })

  it('is decoded only in the configured attributes', async () => {
    const both = message(framed(1, '{"n":1}'), framed(1, '{"n":2}'))
    const read = async (validates: RegistryConfig['validates']) => {
      const [entry] = await intake({ validates })(0, [both])
      return record(entry as Entry)
    }
    const key = await read(['KEY'])
    assert.equal(decoded(key.key).toString(), '{"n":2}')
    assert.deepEqual(decoded(key.value), both.value)
    assert.equal('keySchemaMetadata' in key, true)
    assert.equal('valueSchemaMetadata' in key, false)
    const all = await read(['KEY', 'VALUE'])
    assert.deepEqual(all.keySchemaMetadata, { dataFormat: 'JSON', schemaId: '1' })
    assert.deepEqual(all.valueSchemaMetadata, { dataFormat: 'JSON', schemaId: '1' })
  })

  it('is filtered by its decoded value, in both forms', async () => {
    const patterns = [{ value: { id: [7] } }]
    for (const form of ['JSON', 'SOURCE'] as const) {
      const entry = (id: number) =>
        one(framed(2, avroBody({ id, note: null, raw: Buffer.alloc(0) })), { form }, patterns)
      assert.equal((await entry(7)).fate, 'deliver')
      assert.equal((await entry(8)).fate, 'skip')
    }
  })
})

// Promise packages/msk-trigger/RULES.md#rule 15
describe('a record that cannot be read (rule 15)', () => {
  const cases: [title: string, value: Buffer, reason: string, why: RegExp][] = [
    ['its schema is unknown', framed(99, '{}'), 'SCHEMA_NOT_FOUND', /no schema 99/],
    [
      'it has no schema id',
      Buffer.from('{"n":1}'),
      'DESERIALIZATION_ERROR',
      /does not start with a schema id/,
    ],
    ['it is not JSON', framed(1, '{'), 'DESERIALIZATION_ERROR', /it is not JSON/],
    [
      'it does not match its JSON Schema',
      framed(1, '{"n":"x"}'),
      'DESERIALIZATION_ERROR',
      /\/n must be integer/,
    ],
    ['its schema is unusable', framed(4, Buffer.alloc(1)), 'DESERIALIZATION_ERROR', /schema cannot be used/],
  ]
  for (const [title, value, reason, why] of cases) {
    it(`because ${title}: ${reason}`, async () => {
      const entry = await one(value)
      assert.equal(entry.fate, 'fail')
      assert.equal(entry.reason, reason)
      assert.match(entry.why, why)
      assert.equal(entry.message.value, value, 'as it was fetched')
    })
  }

  for (const header of ['__value_schema_id', 'apicurio.value.globalId'])
    it(`because the header ${header} names its schema: DESERIALIZATION_ERROR`, async () => {
      const headers = { [header]: Buffer.alloc(17, 1) }
      const [entry] = await intake()(0, [{ ...message(framed(1, '{"n":1}')), headers }])
      assert.equal(entry?.fate === 'fail' && entry.reason, 'DESERIALIZATION_ERROR')
      assert.deepEqual(registry.requests, [])
    })
})

describe('the registry', () => {
  it('is asked again for a schema that it did not know', async () => {
    const read = intake()
    const fates = async () => (await read(0, [message(framed(50, '{"n":1}'))])).map(entry => entry.fate)
    assert.deepEqual(await fates(), ['fail'])
    registry.schemas.set(50, { schema: JSON_SCHEMA, schemaType: 'JSON' })
    assert.deepEqual(await fates(), ['deliver'])
  })

  it('makes records wait while it is unavailable, and is asked again', async () => {
    const read = intake()
    const readOne = async () => read(0, [message(framed(1, '{"n":1}'))])
    for (const status of [500, 401, 403]) {
      registry.answerWith(status)
      await assert.rejects(readOne, /the schema registry does not answer at http:.*: it answered/)
    }
    registry.answerWith(200)
    assert.equal((await readOne())[0]?.fate, 'deliver')
    const nowhere = intake({ uri: 'http://127.0.0.1:9' })
    await assert.rejects(
      async () => nowhere(0, [message(framed(1, '{"n":1}'))]),
      /does not answer at http:\/\/127\.0\.0\.1:9\//,
    )
  })

  it('receives the login from its address', async () => {
    const uri = registry.uri.replace('//', '//me:p%40ss@')
    assert.equal((await one(framed(1, '{"n":1}'), { uri })).fate, 'deliver')
    assert.deepEqual(registry.requests, [
      `Basic ${Buffer.from('me:p@ss').toString('base64')} /api/schemas/ids/1`,
    ])
  })
})
