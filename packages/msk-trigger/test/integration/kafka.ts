import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { createTopic } from '@sluice/test-kit/create-topic'
import { until } from '@sluice/test-kit/until'
import { type Admin, Kafka, type KafkaMessage, logLevel, type Message, type Producer } from 'kafkajs'

export const BROKERS = process.env.KAFKA_BROKERS ?? ''
if (!BROKERS) {
  throw new Error(
    'KAFKA_BROKERS is not set: these tests need a Kafka, for example KAFKA_BROKERS=127.0.0.1:9092',
  )
}

/** The value of `ConfigResourceTypes.TOPIC`, which an ES module cannot import. */
const TOPIC_RESOURCE = 2

/** Time after which Kafka ends what `leaveOpen` leaves, in milliseconds: a test is over before, on a busy machine too. */
export const OPEN_MS = 600_000

/** Messages of one partition whose values are the numbers `from` to `to`, without the last. */
export function numbered(from: number, to: number, partition = 0): { partition: number; value: string }[] {
  return Array.from({ length: to - from }, (_, n) => ({ partition, value: `${from + n}` }))
}

/** The test's own Kafka client, independent of the trigger's. */
export class TestKafka {
  readonly admin: Admin
  readonly producer: Producer

  readonly #kafka: Kafka

  private constructor(kafka: Kafka) {
    this.#kafka = kafka
    this.admin = kafka.admin()
    this.producer = kafka.producer()
  }

  static async connect(brokers: readonly string[] = BROKERS.split(',')): Promise<TestKafka> {
    const it = new TestKafka(new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }))
    await Promise.all([it.admin.connect(), it.producer.connect()])
    return it
  }

  /** A topic that no other test uses. */
  async topic(name: string, numPartitions: number, config: Record<string, string> = {}): Promise<string> {
    const topic = `${name}.${randomUUID().slice(0, 8)}`
    await this.createTopic(topic, numPartitions, config)
    return topic
  }

  /** Several topics, at once. Returns their full names by these names. */
  async topics(partitions: Readonly<Record<string, number>>): Promise<Record<string, string>> {
    const created = Object.entries(partitions).map(async ([name, count]) => [
      name,
      await this.topic(name, count),
    ])
    return Object.fromEntries(await Promise.all(created))
  }

  async createTopic(
    topic: string,
    numPartitions: number,
    config: Record<string, string> = {},
  ): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await createTopic(this.admin, { topic, numPartitions, configEntries })
  }

  /** Changes settings of a topic. */
  async configure(topic: string, config: Record<string, string>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries }]
    await this.admin.alterConfigs({ validateOnly: false, resources })
  }

  async send(topic: string, messages: Message[]): Promise<void> {
    await this.producer.send({ topic, messages, acks: -1 })
  }

  /** Sends all messages in one transaction, and ends it. */
  async sendInTransaction(topic: string, messages: Message[], end: 'commit' | 'abort'): Promise<void> {
    const producer = this.#kafka.producer({
      transactionalId: randomUUID(),
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages, acks: -1 })
    await transaction[end]()
    await producer.disconnect()
  }

  /** Sends all messages in a transaction, and leaves it open. A call with the same transactional id ends the one before. */
  async leaveOpen(transactionalId: string, topic: string, messages: Message[]): Promise<void> {
    const options = { idempotent: true, maxInFlightRequests: 1, transactionTimeout: OPEN_MS }
    const producer = this.#kafka.producer({ ...options, transactionalId })
    await producer.connect()
    const transaction = await producer.transaction()
    if (messages.length > 0) await transaction.send({ topic, messages, acks: -1 })
    await producer.disconnect()
  }

  /** The committed offsets of the group, by partition; -1 for none. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.admin.fetchOffsets({ groupId, topics: [topic] })
    const partitions = answer?.partitions ?? []
    return partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  }

  /** Waits until exactly these offsets are committed. */
  async untilCommitted(groupId: string, topic: string, offsets: readonly number[]): Promise<void> {
    const wanted = JSON.stringify(offsets)
    const isCommitted = async () => JSON.stringify(await this.committed(groupId, topic)) === wanted
    await until(`group ${groupId} to commit ${wanted}`, isCommitted)
  }

  /** Reads all records of a topic with a consumer of its own. */
  async records(topic: string): Promise<(KafkaMessage & { readonly partition: number })[]> {
    const ends = await this.admin.fetchTopicOffsets(topic)
    const count = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
    const records: (KafkaMessage & { readonly partition: number })[] = []
    const consumer = this.#kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ partition, message }) => void records.push({ ...message, partition }),
    })
    await until(`${count} records of ${topic}`, () => records.length >= count)
    await consumer.disconnect()
    return records
  }

  async members(groupId: string): Promise<number> {
    const { groups } = await this.admin.describeGroups([groupId])
    return groups[0]?.members.length ?? 0
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()])
  }
}
