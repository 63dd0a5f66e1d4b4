/** A producer that writes Avro or Protobuf by schemas of its own. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'
import type { Admin } from 'kafkajs'
import { kafkaClient } from '../../../packages/runtime/adapters/kafka/client.ts'
import { type ProducerConfig, TelemetryProducer } from '../../../packages/runtime/producer/index.ts'
import { createTopic } from '../../support/create-topic.ts'
import { ForeignClient } from '../../support/foreign-client.ts'
import { brokers } from '../../support/servers.ts'

const TYPE = 'com.example.job.finished'
const AVRO = JSON.stringify({ type: 'record', name: 'Job', fields: [{ name: 'rows', type: 'long' }] })
const PROTOBUF = 'syntax = "proto3"; message Job { int64 rows = 1; }'

describe('a producer with a serialization', () => {
  let foreign: ForeignClient

  let admin: Admin

  before(async () => {
    foreign = await ForeignClient.connect()
    admin = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }).admin()
    await admin.connect()
  })

  after(() => Promise.all([foreign.close(), admin.disconnect()]))

  async function producing(serialization: ProducerConfig['serialization']) {
    const topic = `serialization-${randomUUID()}`
    await createTopic(admin, { topic, numPartitions: 1 })
    const producer = new TelemetryProducer({
      kafka: { brokers: brokers(), auth: 'none' },
      topic,
      event: { type: TYPE, source: '/jobs' },
      ...(serialization ? { serialization } : {}),
    })
    return { topic, producer }
  }

  for (const [format, text, form] of [
    ['avro', AVRO, 'AVRO'],
    ['protobuf', PROTOBUF, 'PROTOBUF'],
  ] as const)
    it(`given ${format}, when events are published before the schema is loaded, then all are written in order`, async () => {
      const { topic, producer } = await producing({ format, schemas: { [TYPE]: text } })
      const expected = Array.from({ length: 50 }, (_, rows) => rows)
      const sent = expected.map(rows => producer.publish(producer.createEvent({ rows })))
      assert.equal(await producer.close(), 0)
      await Promise.all(sent)
      const codec = await loadCodec({ format: form, text, references: [] }, 'plain')
      const read = await foreign.read(topic)
      assert.deepEqual(
        read.map(({ value }) => Number((codec.read(value as Buffer) as { rows: number }).rows)),
        expected,
      )
      assert.ok(read.every(({ headers }) => String(headers?.['content-type']) === `application/${format}`))
    })

  it('given another type, then its data is JSON; and data that does not fit is refused alone', async () => {
    const { topic, producer } = await producing({ format: 'avro', schemas: { [TYPE]: AVRO } })
    const other = producer.publish(producer.createEvent({ rows: 'many' }, { type: 'com.example.other' }))
    const wrong = producer.publish(producer.createEvent({ rows: 'many' }))
    const right = producer.publish(producer.createEvent({ rows: 1 }))
    await assert.rejects(wrong, /rows/)
    await Promise.all([other, right])
    await producer.close()
    const read = await foreign.read(topic)
    assert.deepEqual(
      read.map(({ headers }) => String(headers?.['content-type'])),
      ['application/json', 'application/avro'],
    )
  })

  it('given a registry that does not answer, then events are refused, and nothing waits for ever', async () => {
    const registry = { url: 'http://127.0.0.1:1' }
    const { producer } = await producing({ format: 'avro', schemas: { [TYPE]: AVRO }, registry })
    await assert.rejects(producer.publish(producer.createEvent({ rows: 1 })), { name: 'Unavailable' })
    assert.equal(await producer.close(), 0)
  })

  it('given no schema, then the producer is refused', async () => {
    await assert.rejects(producing({ format: 'avro', schemas: {} }), /serialization\.schemas/)
  })
})
