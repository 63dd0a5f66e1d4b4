/** Records of the producer, in every codec, are read by librdkafka and by the Java client. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { brokers } from '@sluice/test-kit/servers'
import { CloudEvent } from 'cloudevents'
import type { Admin } from 'kafkajs'
import { kafkaClient } from '#runtime/operating/kafka'
import { type ProducerConfig, TelemetryProducer } from '#runtime/producer'
import { CODECS, installForeignClients } from './foreign-clients.ts'
import { readWithJava, readWithLibrdkafka, type SeenRecord } from './foreign-readers.ts'

const EACH = 300

describe('what the producer writes', () => {
  const topic = `codecs-${randomUUID()}`
  const expected: SeenRecord[] = []
  let admin: Admin

  before(async () => {
    admin = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }).admin()
    await Promise.all([installForeignClients(), admin.connect()])
    await createTopic(admin, { topic, numPartitions: 1 })
    for (const compression of CODECS) await write({ compression, idempotent: compression !== 'gzip' })
  })

  after(async () => {
    await admin?.disconnect()
  })

  const createProducer = (settings: Partial<ProducerConfig>) =>
    new TelemetryProducer({
      ...{ kafka: { brokers: brokers(), auth: 'none' }, topic, profile: 'balanced' },
      ...{ batchBytes: 200_000, lingerMs: 20 },
      ...settings,
    })

  async function write(settings: Partial<ProducerConfig>) {
    const producer = createProducer(settings)
    for (const event of events(JSON.stringify(settings))) await producer.enqueue(event)
    await producer.close()
  }

  /** Remembers them, as they have to be read. */
  function events(said: string) {
    return Array.from({ length: EACH }, (_, number) => {
      const id = randomUUID()
      const traceparent = `00-${randomUUID().replaceAll('-', '')}-00000000000000ab-01`
      const event = new CloudEvent({
        ...{ id, traceparent, type: 'com.example.said', source: '/test', subject: `s${number % 7}` },
        ...{ datacontenttype: 'application/json', data: { said, number } },
      })
      const headers = {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: id,
        ce_source: '/test',
      }
      const more = { ce_type: event.type, ce_subject: `s${number % 7}`, ce_time: event.time ?? '' }
      const value = JSON.stringify({ said, number })
      expected.push({
        key: `s${number % 7}`,
        value,
        headers: { ...headers, ...more, ce_traceparent: traceparent },
      })
      return event
    })
  }

  // Promise docs/producer.md#codecs | librdkafka and the Java client read every codec that is written.
  it('when librdkafka reads it, then every record of every codec is there as it was written', async () => {
    assert.deepEqual(await readWithLibrdkafka(brokers(), topic, expected.length), expected)
  })

  it('when the Java client reads it, then every record of every codec is there as it was written', async () => {
    assert.deepEqual(await readWithJava(brokers(), topic, expected.length), expected)
  })
})
