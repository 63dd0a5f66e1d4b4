import { randomUUID } from 'node:crypto'
import kafkajs, {
  type Admin,
  type ITopicConfig,
  Kafka,
  type KafkaMessage,
  logLevel,
  type Message,
  type Producer,
  type RecordMetadata,
} from 'kafkajs'
import { createTopic } from './create-topic.ts'
import { brokers } from './servers.ts'
import { until } from './until.ts'
import './foreign-codecs.ts'

/** A record as the client library returns it. */
export type ForeignRecord = KafkaMessage & { readonly partition: number }

/** Kafka client that shares no code with Sluice and can read and write any record. */
export class ForeignClient {
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #patientProducer: Producer

  private constructor(brokers: readonly string[]) {
    this.#kafka = new Kafka({ clientId: 'foreign', brokers: [...brokers], logLevel: logLevel.NOTHING })
    this.#admin = this.#kafka.admin()
    this.#producer = this.#kafka.producer()
    this.#patientProducer = this.#kafka.producer({ retry: { retries: 0 } })
  }

  static async connect(addresses: readonly string[] = brokers()): Promise<ForeignClient> {
    const client = new ForeignClient(addresses)
    await Promise.all([
      client.#admin.connect(),
      client.#producer.connect(),
      client.#patientProducer.connect(),
    ])
    return client
  }

  createTopic(config: ITopicConfig): Promise<void> {
    return createTopic(this.#admin, config)
  }

  send(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    return this.#producer.send({ topic, messages, acks: -1 })
  }

  /**
   * Sends all messages, and repeats this until all are acknowledged, even if a broker is lost. The library's own retries can omit
   * messages for the lost broker.
   */
  async sendUntilAcknowledged(topic: string, messages: Message[]): Promise<void> {
    await until('all is acknowledged', async () => {
      await this.#patientProducer.send({ topic, messages, acks: -1 })
      return true
    })
  }

  /**
   * Returns the offset after the last record of each partition. Each attempt fetches new metadata, because the library caches
   * metadata for minutes, and no broker can report the offset during the election of a leader.
   */
  async ends(topic: string): Promise<number[]> {
    const ends: number[] = []
    await until(`the leaders of ${topic} answer`, async () => {
      const admin = this.#kafka.admin()
      try {
        await admin.connect()
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends[partition] = Number(high)
        return true
      } finally {
        await admin.disconnect()
      }
    })
    return ends
  }

  /** Returns the committed offset of a consumer group in each partition; -1 if none exists. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets: number[] = []
    for (const { partition, offset } of answer?.partitions ?? []) offsets[partition] = Number(offset)
    return offsets
  }

  /** Returns the value of a topic setting. */
  async setting(topic: string, name: string): Promise<string | undefined> {
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }]
    const answer = await this.#admin.describeConfigs({ resources, includeSynonyms: false })
    return answer.resources[0]?.configEntries[0]?.configValue
  }

  /** Reads all records that the topic currently contains, in order within each partition. */
  async read(topic: string): Promise<ForeignRecord[]> {
    const ends = await this.ends(topic)
    const missing = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])))
    if (missing.size === 0) return []
    // Store records by partition and offset, because after a rebalance the group reads them again from the beginning.
    const records = new Map<string, ForeignRecord>()
    const consumer = this.#kafka.consumer({ groupId: `foreign-${randomUUID()}`, maxWaitTimeInMs: 200 })
    const whole = Promise.withResolvers<void>()
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        records.set(`${partition}/${message.offset}`, { ...message, partition })
        if (Number(message.offset) === (ends[partition] as number) - 1) missing.delete(partition)
        if (missing.size === 0) whole.resolve()
      },
    })
    await whole.promise.finally(() => consumer.disconnect())
    return [...records.values()]
  }

  /** Deletes the records before an offset, as Kafka's retention does. */
  async expire(topic: string, partition: number, before: number): Promise<void> {
    // Fetch offsets first, so that kafkajs looks up the leader. `deleteTopicRecords` alone uses cached metadata.
    await this.#admin.fetchTopicOffsets(topic)
    await this.#admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#admin.disconnect(),
      this.#producer.disconnect(),
      this.#patientProducer.disconnect(),
    ])
  }
}
