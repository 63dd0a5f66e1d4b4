import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { type Apicurio, startApicurio } from '../../../../test/support/apicurio.ts'
import { framed } from '../../../../test/support/schema-registry.ts'
import { DEFAULT_OPEN_CHOICES } from '../../config/open-choices.ts'
import type { Message } from '../../invoke/event.ts'
import { makeIntake } from '../../poll/intake.ts'

const JSON_SCHEMA = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["n"]}'
const AVRO = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}'
const MONEY = 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }'
const ORDER = 'syntax = "proto3"; package shop; import "money.proto"; message Order { Money total = 1; }'

describe('a real schema registry', { timeout: 400_000 }, () => {
  let registry: Apicurio
  before(async () => {
    registry = await startApicurio()
  })
  after(() => registry?.stop())

  async function read(value: Buffer) {
    const config = { uri: registry.uri, form: 'JSON', validates: ['VALUE'] } as const
    const message: Message = { key: null, value, timestamp: '0', offset: '0', headers: {} }
    const intake = makeIntake({ filters: [], registry: config, open: DEFAULT_OPEN_CHOICES })
    const [entry] = await intake(0, [message])
    return entry
  }

  it('provides schemas in all three formats, with references', async () => {
    const json = await registry.register('json', JSON_SCHEMA, 'JSON')
    assert.equal(String((await read(framed(json, '{"n":1}')))?.message.value), '{"n":1}')
    const avroId = await registry.register('avro', AVRO, 'AVRO')
    const body = avro.Type.forSchema(JSON.parse(AVRO)).toBuffer({ id: 5 })
    assert.equal(String((await read(framed(avroId, body)))?.message.value), '{"id":5}')
    await registry.register('money', MONEY, 'PROTOBUF')
    const references = [{ name: 'money.proto', subject: 'money', version: 1 }]
    const order = await registry.register('order', ORDER, 'PROTOBUF', references)
    const { root } = protobuf.parse(MONEY)
    protobuf.parse(ORDER, root)
    const type = root.lookupType('shop.Order')
    const bytes = type.encode(type.fromObject({ total: { cents: 7 } })).finish()
    const value = framed(order, Buffer.concat([Buffer.from([0]), bytes]))
    assert.equal(String((await read(value))?.message.value), '{"total":{"cents":"7"}}')
  })

  it('reports an unknown schema', async () => {
    const entry = await read(framed(123_456, '{}'))
    assert.equal(entry?.fate === 'fail' && entry.reason, 'SCHEMA_NOT_FOUND')
  })
})
