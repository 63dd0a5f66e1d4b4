import type { Kafka, Message, Producer } from 'kafkajs'
import type { Destination } from '../config/destination-setting.ts'
import {
  batchRecord,
  type DiscardedRecords,
  type Origin,
  objectKey,
  objectRecord,
  oneByOne,
  topicRecord,
} from './invocation-record.ts'

/** Larger requests are split: a broker accepts about 1 MB at once. */
const REQUEST_BYTES = 512 * 1024

export interface Sender {
  /** Rejects unless all records are known to have arrived; the caller then sends all of them again. */
  send(discarded: DiscardedRecords): Promise<void>
  close(): Promise<void>
}

export interface SenderParts {
  readonly origin: Origin
  readonly groupId: string
  readonly kafka: Pick<Kafka, 'producer'>
}

export function senderFor(destination: Destination, parts: SenderParts): Sender {
  return destination.kind === 'kafka'
    ? new TopicSender(destination.topic, parts)
    : new AwsSender(destination, parts)
}

/** Sends to a topic of the same cluster, one message per record, under the record's own key. Rules 41, 43. */
class TopicSender implements Sender {
  readonly #topic: string
  readonly #parts: SenderParts
  #producer: Promise<Producer> | undefined

  constructor(topic: string, parts: SenderParts) {
    this.#topic = topic
    this.#parts = parts
  }

  async send(discarded: DiscardedRecords): Promise<void> {
    this.#producer ??= this.#connect()
    this.#producer.catch(() => {
      this.#producer = undefined
    })
    const producer = await this.#producer
    const nowMs = Date.now()
    const messages = [...oneByOne(discarded)].map(one => ({
      // Without a key, kafkajs assigns partitions in turn.
      key: one.parts[0]?.records[0]?.key ?? null,
      value: JSON.stringify(topicRecord(one, this.#parts.origin, nowMs)),
    }))
    for (const some of bySize(messages)) await producer.send({ topic: this.#topic, messages: some, acks: -1 })
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => {})
    await producer?.disconnect()
  }

  async #connect(): Promise<Producer> {
    // The caller retries with all records, so kafkajs must not. Its own retry goes by broker: messages for a lost
    // broker would be dropped if their partitions have moved to a broker that already answered.
    const producer = this.#parts.kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
    await producer.connect()
    return producer
  }
}

function* bySize(messages: readonly (Message & { readonly value: string })[]): Generator<Message[]> {
  let some: Message[] = []
  let bytes = 0
  for (const message of messages) {
    if (some.length > 0 && bytes + message.value.length > REQUEST_BYTES) {
      yield some
      some = []
      bytes = 0
    }
    some.push(message)
    bytes += message.value.length
  }
  if (some.length > 0) yield some
}

/** Sends to what stands in for SQS, SNS or S3 on this machine. The metadata is far below the 256 KB of a message (rule 49). */
class AwsSender implements Sender {
  readonly #destination: Extract<Destination, { arn: string }>
  readonly #parts: SenderParts
  #put: Promise<(discarded: DiscardedRecords) => Promise<void>> | undefined

  constructor(destination: Extract<Destination, { arn: string }>, parts: SenderParts) {
    this.#destination = destination
    this.#parts = parts
  }

  async send(discarded: DiscardedRecords): Promise<void> {
    const { open } = this.#parts.origin.mapping
    this.#put ??= this.#connect()
    this.#put.catch(() => {
      this.#put = undefined
    })
    const put = await this.#put
    for (const one of open.discardUnit === 'record' ? oneByOne(discarded) : [discarded]) await put(one)
  }

  async close(): Promise<void> {}

  async #connect(): Promise<(discarded: DiscardedRecords) => Promise<void>> {
    const { kind, arn } = this.#destination
    const { origin, groupId } = this.#parts
    const { awsPut } = await import('./aws.ts')
    const put = await awsPut(kind, arn)
    return discarded => {
      const nowMs = Date.now()
      if (kind !== 's3') return put(JSON.stringify(batchRecord(discarded, origin, nowMs)))
      const key = objectKey(discarded, { groupId, ...origin.mapping }, nowMs)
      return put(JSON.stringify(objectRecord(discarded, origin, nowMs)), key)
    }
  }
}
