import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, it } from 'node:test'
import kafkajs from 'kafkajs'
import { kafkaClient } from '../../../packages/runtime/adapters/kafka/client.ts'
import { growTopic } from '../../../packages/runtime/adapters/kafka/grow-topic.ts'
import { newestBatches } from '../../../packages/runtime/adapters/kafka/newest-batches.ts'
import { topicLayouts } from '../../../packages/runtime/adapters/kafka/topic-admin.ts'
import { Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import { bulkPublisher, KafkaPublisher } from '../../../packages/runtime/producer/publisher.ts'
import { conformsAsPublisher } from '../../conformance/publisher.ts'
import { createTopic } from '../../support/create-topic.ts'
import { ForeignClient, type ForeignRecord } from '../../support/foreign-client.ts'
import { startKafkaFront } from '../../support/kafka-front.ts'
import { brokers } from '../../support/servers.ts'

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
for (const one of [new KafkaPublisher(nobody), bulkPublisher(async () => nobody, 'lz4', 1_000)])
  it(`given a broker that does not answer, then ${one.constructor.name} rejects as unavailable, within seconds`, async () => {
    const lost = one.publish([{ topic: 't', key: null, value: null, headers: [] }])
    await assert.rejects(lost, Unavailable)
    await one.close()
  })

for (const one of [publisher, bulk])
  it(`given a record for every partition, then ${one.constructor.name} writes it once into each`, async () => {
    const topic = await newTopic(3)
    const record = (text: string) => ({ topic, key: null, value: Buffer.from(text), headers: [] })
    const before = { ...record('before'), partition: 1 }
    await one.publish([before, { ...record('all'), everyPartition: true }])
    const read = await foreign.read(topic)
    assert.deepEqual(read.map(({ partition, offset, value }) => `${partition}/${offset} ${value}`).sort(), [
      '0/0 all',
      '1/0 before',
      '1/1 all',
      '2/0 all',
    ])
  })

for (const one of [publisher, bulk])
  it(`given a topic that has grown, then ${one.constructor.name} finds its new partition at once`, async () => {
    const topic = await newTopic()
    const record = { topic, partition: 0, key: null, value: null, headers: [] }
    await one.publish([record])
    await growTopic(kafka, topic, 2)
    await one.publish([{ ...record, partition: 1 }])
    assert.deepEqual((await foreign.read(topic)).map(({ partition }) => partition).sort(), [0, 1])
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
    const numbersOf = (wanted: number) =>
      read.filter(({ partition }) => partition === wanted).map(({ value }) => Number(value))
    assert.deepEqual(
      [numbersOf(0), numbersOf(1)],
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

const CODEC_BITS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
for (const [name, codec] of Object.entries(CODEC_BITS)) {
  const compression = name as keyof typeof CODEC_BITS
  const writers = [new KafkaPublisher(kafka, compression), bulkPublisher(async () => kafka, compression)]
  after(() => Promise.all(writers.map(one => one.close())))
  for (const one of writers)
    it(`given ${name}, then ${one.constructor.name} compresses large batches with it, and no small ones`, async () => {
      const topic = await newTopic()
      const texts = Array.from({ length: 100 }, (_, n) => `${n} `.repeat(100))
      const records = texts.map(text => ({ topic, key: null, value: Buffer.from(text), headers: [] }))
      await one.publish(records)
      await one.publish(records.slice(0, 1))
      const layouts = (await topicLayouts(kafka)).filter(layout => layout.topic === topic)
      const bounds = new Map([[topic, [{ start: 0, end: texts.length + 1 }]]])
      const batches = (await newestBatches(kafka, layouts, bounds)).get(topic)?.get(0) ?? []
      assert.deepEqual([...new Set(batches.map(batch => batch.codec))], codec === 0 ? [0] : [codec, 0])
      assert.deepEqual(
        (await foreign.read(topic)).map(({ value }) => String(value)),
        [...texts, texts[0]],
      )
    })
}

it('given a topic that is not there, then many at once are rejected as of an unknown topic', async () => {
  const record = { topic: `none-${randomUUID()}`, key: null, value: null, headers: [] }
  await assert.rejects(bulk.publish([record]), { name: 'UnknownTopic' })
})

it('given a topic that is not there beside one that is, then the error names it', async () => {
  const [there, missing] = [await newTopic(), `none-${randomUUID()}`]
  const to = (topic: string) => ({ topic, key: null, value: null, headers: [] })
  const named = { name: 'UnknownTopic', message: new RegExp(`^Kafka has no topic "${missing}": create`) }
  await assert.rejects(publisher.publish([to(there), to(missing)]), named)
  await assert.rejects(publisher.partitionsOf(missing), named)
})

it('given records for several partitions, then the result has the offset of each', async () => {
  const topic = await newTopic(3)
  const record = (partition: number, text: string) => {
    return { topic, partition, key: null, value: Buffer.from(text), headers: [] }
  }
  assert.deepEqual(await publisher.publish([record(2, 'a'), record(0, 'b')]), [0, 0])
  assert.deepEqual(await bulk.publish([record(0, 'c'), record(1, 'd'), record(2, 'e')]), [1, 0, 1])
  const read = await foreign.read(topic)
  assert.deepEqual(read.map(({ partition, offset, value }) => `${partition}/${offset} ${value}`).sort(), [
    '0/0 b',
    '0/1 c',
    '1/0 d',
    '2/0 a',
    '2/1 e',
  ])
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
    [values ?? []].flat().map(one => [name, Buffer.from(one)] as const),
  )
  return { key, value, headers: list }
}
