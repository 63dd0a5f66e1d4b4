import { randomUUID } from 'node:crypto'
import { type Admin, Kafka, type KafkaMessage, logLevel, type Message, type Producer } from 'kafkajs'
import { brokers } from './servers.ts'
import { until } from './until.ts'

/** A record as the client library gives it. */
export type ForeignRecord = KafkaMessage & { readonly partition: number }

/** A Kafka client that knows nothing of Sluice: it writes and reads what it likes. */
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

  async send(topic: string, messages: Message[]): Promise<void> {
    await this.#producer.send({ topic, messages, acks: -1 })
  }

  /**
   * As a producer that is not put off by the loss of a broker: sends all of it again until all of it is acknowledged. The
   * library's own retries can leave out what was meant for the lost one.
   */
  async sendUntilAcknowledged(topic: string, messages: Message[]): Promise<void> {
    await until('all is acknowledged', async () => {
      await this.#patientProducer.send({ topic, messages, acks: -1 })
      return true
    })
  }

  /**
   * The offset after the last record of each partition, by partition. Each attempt has metadata of its own, which the
   * library would keep for minutes: while a new leader is elected, no broker knows the end.
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

  /** What a consumer group has committed, by partition; -1 where nothing is. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets: number[] = []
    for (const { partition, offset } of answer?.partitions ?? []) offsets[partition] = Number(offset)
    return offsets
  }

  /** Every record that is in the topic now, in order within each partition. */
  async read(topic: string): Promise<ForeignRecord[]> {
    const ends = await this.ends(topic)
    const missing = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])))
    if (missing.size === 0) return []
    // By place: a group that is laid out anew meanwhile begins again.
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

  async close(): Promise<void> {
    await Promise.all([
      this.#admin.disconnect(),
      this.#producer.disconnect(),
      this.#patientProducer.disconnect(),
    ])
  }
}
