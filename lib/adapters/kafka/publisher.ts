import { type IHeaders, type Kafka, Partitioners, type Producer } from 'kafkajs'
import { type OutgoingRecord, type RecordHeader, sizeOf } from '../../cloudevents/record.ts'
import { type Publisher, Unavailable } from '../../pipeline/ports.ts'

/** A single record that is larger has a request of its own. */
const REQUEST_BYTES = 900 * 1024

/** Publishes to Kafka: acknowledged by all replicas, one request in flight, so that first copies leave in order. */
export class KafkaPublisher implements Publisher {
  readonly #kafka: Kafka
  #producer: Promise<Producer> | undefined
  /** The publish before: partitions of a batch run side by side, but their requests leave one after another. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    const sent = this.#last.then(() => this.#send(records))
    this.#last = sent.catch(() => {})
    return sent
  }

  /** How many partitions the topic has now. */
  async partitionsOf(topic: string): Promise<number> {
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    } catch (error) {
      throw unavailable(error)
    } finally {
      await admin.disconnect()
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then(connected => connected.disconnect()).catch(() => {})
  }

  async #send(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      const producer = await this.#connected()
      for (const request of requests(records))
        await producer.sendBatch({ acks: -1, timeout: 5_000, topicMessages: byTopic(request) })
    } catch (error) {
      // A request that timed out may still be on its way: with its connection closed it cannot overtake what follows.
      await this.close()
      throw unavailable(error)
    }
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect()
    return this.#producer
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      // Kafka's own murmur2, as every Java client has it: the same key must meet the same partition from everywhere.
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    })
    await producer.connect()
    return producer
  }
}

/**
 * The records in order, cut so that no request is too large. All that a request holds for one partition is one record
 * batch, and it is the batch that Kafka measures against the topic's limit for a message, 1 MiB at the least.
 */
function* requests(records: readonly OutgoingRecord[]): Generator<readonly OutgoingRecord[]> {
  let request: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = sizeOf(record)
    if (request.length > 0 && bytes + size > REQUEST_BYTES) {
      yield request
      request = []
      bytes = 0
    }
    request.push(record)
    bytes += size
  }
  yield request
}

function byTopic(records: readonly OutgoingRecord[]) {
  const topics = new Map<string, OutgoingRecord[]>()
  for (const record of records) {
    const group = topics.get(record.topic)
    if (group) group.push(record)
    else topics.set(record.topic, [record])
  }
  return [...topics].map(([topic, group]) => ({ topic, messages: group.map(message) }))
}

function message({ key, value, headers, partition }: OutgoingRecord) {
  return { key, value, headers: grouped(headers), ...(partition === undefined ? {} : { partition }) }
}

/** The library takes headers by name; a name that is there more than once keeps its values in order. */
function grouped(headers: readonly RecordHeader[]): IHeaders {
  const names: Record<string, Buffer[]> = {}
  for (const [name, value] of headers) {
    names[name] ??= []
    names[name].push(value)
  }
  return Object.fromEntries(
    Object.entries(names).map(([name, values]) => [name, values.length > 1 ? values : (values[0] as Buffer)]),
  )
}

function unavailable(error: unknown): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka did not take it: ${(error as Error).message}`, {
    cause: error,
  })
}
