/** A broker names the leader of a new partition before that leader knows it: what is asked then must be answered. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import { SIGNALS, topicName } from '../../../lib/app/topics.ts'
import { kafkaClient } from '../../../lib/runtime/adapters/kafka/client.ts'
import { TopicOffsets } from '../../../lib/runtime/adapters/kafka/offsets.ts'
import { tail } from '../../../lib/runtime/adapters/kafka/tail.ts'
import { Cluster } from '../../../localstack/msk-trigger/poll/cluster.ts'
import { createTopics } from '../../../localstack/topics.ts'
import { brokers } from '../../support/servers.ts'
import { until } from '../../support/until.ts'

/** With this many partitions, some have no leader yet at the first question; several topics make that certain. */
const PARTITIONS = 24
const TOPICS = 10

describe('given a topic that was made a moment ago', () => {
  const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
  const admin = foreign.admin()
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })

  before(() => admin.connect())
  after(() => admin.disconnect())

  /** Topics that the brokers know, and whose leaders nothing else has waited for. */
  async function newTopic(): Promise<string> {
    const topic = `new-${randomUUID()}`
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: false })
    await until('metadata name its leaders', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
    })
    return topic
  }

  async function newTopics(use: (topic: string) => Promise<void>): Promise<void> {
    for (let count = 0; count < TOPICS; count += 1) await use(await newTopic())
  }

  it('when its bounds are asked for, then they are told', async () => {
    const offsets = new TopicOffsets(kafka)
    await newTopics(async topic => {
      const bounds = await offsets.bounds(topic)
      assert.deepEqual(
        bounds,
        Array.from({ length: PARTITIONS }, () => ({ start: 0, end: 0 })),
      )
    })
    await offsets.close()
  })

  it('when it is followed, then it is followed', async () => {
    const following = await tail(kafka, [await newTopic()], () => {})
    await following.stop()
  })

  for (const position of [
    { at: 'LATEST' },
    { at: 'TRIM_HORIZON' },
    { at: 'AT_TIMESTAMP', timestampMs: 0 },
  ] as const)
    it(`when the trigger begins to read it at ${position.at}, then it is told where`, async () => {
      const cluster = new Cluster(foreign)
      await newTopics(async topic => {
        assert.equal((await cluster.offsetsAt(topic, position)).size, PARTITIONS)
      })
    })

  it('when the topics of an environment are made, then the leaders of all their partitions answer', async () => {
    const env = `new-${randomUUID().slice(0, 8)}`
    await createTopics({ brokers: brokers(), env })
    for (const signal of SIGNALS) await admin.fetchTopicOffsets(topicName(signal, env))
  })
})
