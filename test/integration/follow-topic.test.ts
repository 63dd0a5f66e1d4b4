import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { sealed } from '@sluice/test-kit/record-batches'
import { rejection } from '@sluice/test-kit/rejection'
import { brokers } from '@sluice/test-kit/servers'
import kafkajs, { type Kafka } from 'kafkajs'
import { KafkaLogReader, kafkaClient, TopicOffsets } from '#runtime/operating/kafka'
import { followTopic } from '../../control/queries/records/follow-topic.ts'
import { hookClusters } from '../../packages/kafka-records/kafkajs-internals.ts'

const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
const admin = foreign.admin()
const producer = foreign.producer()

before(() => Promise.all([admin.connect(), producer.connect()]))
after(() => Promise.all([admin.disconnect(), producer.disconnect()]))

it('given a batch that cannot be inflated, then the tail says so and ends instead of reading on', async () => {
  const topic = `tail-${randomUUID()}`
  await createTopic(admin, { topic, numPartitions: 1 })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  breakBatches(kafka, topic)
  const seen: string[] = []
  const [offsets, log] = [new TopicOffsets(kafka), new KafkaLogReader(kafka)]
  const { signal } = new AbortController()
  try {
    await producer.send({ topic, messages: [{ value: 'inside' }] })
    const follow = async () => {
      const forever = Number.POSITIVE_INFINITY
      for await (const { value } of followTopic(log, offsets, topic, [0], signal, forever))
        seen.push(String(value))
    }
    const { message } = await rejection(follow())
    assert.match(message, /\/0 at offset 0: a record batch is compressed with codec 7/)
    assert.deepEqual(seen, [])
  } finally {
    await Promise.all([offsets.close(), log.close()])
  }
})

interface Pool {
  send(sent: { response: { decode(payload: Buffer): Promise<unknown> } }): Promise<unknown>
}

/** No broker takes a batch of an unknown codec, so that it is broken on the way: what the client gets names another codec. */
function breakBatches(kafka: Kafka, topic: string): void {
  const broken = new WeakSet<Pool>()
  hookClusters(kafka, cluster => {
    const find = cluster.findBroker
    cluster.findBroker = async node => {
      const broker = await find.call(cluster, node)
      const { connectionPool: pool } = broker as unknown as { readonly connectionPool: Pool }
      if (broken.has(pool)) return broker
      broken.add(pool)
      const send = pool.send
      pool.send = sent => {
        const decode = (payload: Buffer) => sent.response.decode(withCodec7(payload, topic))
        return send.call(pool, { ...sent, response: { ...sent.response, decode } })
      }
      return broker
    }
  })
}

/** An answer to Fetch with one batch of the topic, in version 11; any other answer as it is. */
function withCodec7(payload: Buffer, topic: string): Buffer {
  const batch = 62 + topic.length
  const isFetched = payload.length > batch + 61 && payload.indexOf(topic) === 16
  if (!isFetched) return payload
  payload.writeUInt8(7, batch + 22)
  sealed(payload.subarray(batch, batch + 12 + payload.readInt32BE(batch + 8)))
  return payload
}
