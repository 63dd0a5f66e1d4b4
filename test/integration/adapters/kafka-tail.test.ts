import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, it } from 'node:test'
import { UnreadableBatch } from '@sluice/kafka-records'
import kafkajs from 'kafkajs'
import { kafkaClient } from '../../../lib/adapters/kafka/client.ts'
import { tail } from '../../../lib/adapters/kafka/tail.ts'
import { createTopic } from '../../support/create-topic.ts'
import { brokers } from '../../support/servers.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
const admin = foreign.admin()
const producer = foreign.producer()

before(() => Promise.all([admin.connect(), producer.connect()]))
after(() => Promise.all([admin.disconnect(), producer.disconnect()]))

it('given a batch that nobody can inflate, then the tail says so and ends, instead of joining anew for good', async () => {
  const topic = `tail-${randomUUID()}`
  await createTopic(admin, { topic, numPartitions: 1 })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const gzip = CompressionCodecs[CompressionTypes.GZIP]
  const seen: string[] = []
  const following = await tail(kafka, [topic], ({ value }) => seen.push(String(value)))
  try {
    CompressionCodecs[CompressionTypes.GZIP] = () => ({
      ...gzip?.(),
      decompress: async () => {
        throw new UnreadableBatch('too-large', 'a record batch inflates with gzip to more than it may')
      },
    })
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ value: 'inside' }] })
    assert.match((await following.lost).message, /inflates with gzip to more than it may/)
    assert.deepEqual(seen, [])
  } finally {
    if (gzip) CompressionCodecs[CompressionTypes.GZIP] = gzip
    await following.stop()
  }
})
