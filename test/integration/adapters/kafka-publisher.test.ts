import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import { createTopic } from '@sluice/test-kit/create-topic'
import { ForeignClient, type ForeignRecord } from '@sluice/test-kit/foreign-client'
import { startKafkaFront } from '@sluice/test-kit/kafka-front'
import { brokers } from '@sluice/test-kit/servers'
import kafkajs from 'kafkajs'
import { bulkPublisher, kafkaClient } from '#runtime/operating/kafka'
import { Unavailable } from '#runtime/pipeline'
import { PRODUCER, readSettings } from '#runtime/settings'
import { conformsAsPublisher } from '#runtime/test/conformance/publisher'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { openBulkPublisher } from '../../../control/recordings/bulk-publisher.ts'

const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
const publisher = new KafkaPublisher(kafka)
const bulk = bulkPublisher(async () => kafka)
const foreign = await ForeignClient.connect()
after(() => Promise.all([publisher.close(), bulk.close(), foreign.close()]))

conformsAsPublisher('Kafka', async () => {
  const topic = await newTopic()
  return { publisher, topic, read: async () => (await foreign.read(topic)).map(asWritten) }
})

conformsAsPublisher('Kafka, many at once', async () => {
  const topic = await newTopic()
  return { publisher: bulk, topic, read: async () => (await foreign.read(topic)).map(asWritten) }
})

const nobody = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', auth: 'none' })
for (const value of [
  new KafkaPublisher(nobody),
  bulkPublisher(async () => nobody, { deliveryTimeoutMs: 1_000 }),
])
  it(`given a broker that does not answer, then ${value.constructor.name} rejects as unavailable, within seconds`, async () => {
    const lost = value.publish([{ topic: 't', key: null, value: null, headers: [] }])
    await assert.rejects(lost, Unavailable)
    await value.close()
  })

for (const candidate of [publisher, bulk])
  it(`given a record for every partition, then ${candidate.constructor.name} writes it once into each`, async () => {
    const topic = await newTopic(3)
    const record = (text: string) => ({ topic, key: null, value: Buffer.from(text), headers: [] })
    const before = { ...record('before'), partition: 1 }
    await candidate.publish([before, { ...record('all'), everyPartition: true }])
    const read = await foreign.read(topic)
    assert.deepEqual(read.map(({ partition, offset, value }) => `${partition}/${offset} ${value}`).sort(), [
      '0/0 all',
      '1/0 before',
      '1/1 all',
      '2/0 all',
    ])
  })

it('given a batch size, then the publisher of commands sends no more records at once', async () => {
  let requests = 0
  const closables: { close(): void | Promise<void> }[] = []
  const front = await startKafkaFront(brokers(), () => {
    requests++
    return 'pass'
  })
  const sized = await openBulkPublisher({
    kafka: async () => front.kafka,
    register: value => {
      closables.push(value)
      return value
    },
    compression: 'none',
    config: readSettings([PRODUCER], { PRODUCER_BATCH_SIZE: '2' }),
  })
  try {
    const topic = await newTopic(1)
    const records = ['a', 'b', 'c', 'd', 'e', 'f'].map(text => ({
      ...{ topic, partition: 0, key: null, value: Buffer.from(text), headers: [] },
    }))
    await sized.publish(records)
    assert.equal(requests, 3)
  } finally {
    for (const closable of closables) await closable.close()
    await front.stop()
  }
})

it('given a leader that loses answers, then each record is there once and in order', async () => {
  let request = 0
  const front = await startKafkaFront(brokers(), () => (++request === 2 ? 'cut' : 'pass'))
  const fronted = bulkPublisher(async () => front.kafka)
  try {
    const topic = await newTopic(2)
    const record = (n: number) => ({
      topic,
      partition: n % 2,
      key: null,
      value: Buffer.from(`${n}`),
      headers: [],
    })
    for (const n of [0, 1, 2, 3]) await fronted.publish([record(n), record(n + 1)])
    assert.equal(front.met.cut, 1)
    const read = await foreign.read(topic)
    const listNumbers = (wanted: number) =>
      read.filter(({ partition }) => partition === wanted).map(({ value }) => Number(value))
    assert.deepEqual(
      [listNumbers(0), listNumbers(1)],
      [
        [0, 2, 2, 4],
        [1, 1, 3, 3],
      ],
    )
  } finally {
    await fronted.close()
    await front.stop()
  }
})

it('rule 25: given a publish that failed, then the next one connects anew and succeeds', async () => {
  const topic = await newTopic()
  const record = { key: null, value: Buffer.from('x'), headers: [] }
  await assert.rejects(publisher.publish([{ ...record, topic: `missing-${randomUUID()}` }]), Unavailable)
  await publisher.publish([{ ...record, topic }])
  assert.equal((await foreign.read(topic)).length, 1)
})

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = `publisher-${randomUUID()}`
  const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await createTopic(admin, { topic, numPartitions })
  await admin.disconnect()
  return topic
}

function asWritten({ key, value, headers }: ForeignRecord) {
  const list = Object.entries(headers ?? {}).flatMap(([name, values]) =>
    [values ?? []].flat().map(text => [name, Buffer.from(text)] as const),
  )
  return { key, value, headers: list }
}
