import process from 'node:process'
import type { Kafka, Message, Producer } from 'kafkajs'
import type { Destination } from './destination.ts'
import {
  batchRecord,
  type GivenUp,
  type Origin,
  objectRecord,
  oneByOne,
  topicRecord,
} from './invocation-record.ts'
import { objectKey } from './object-key.ts'

/** A request of more is split: a broker takes about 1 MB at once. */
const REQUEST_BYTES = 512 * 1024

/** Sends what is given up to where it is to go. */
export interface Sender {
  /** Rejects where it cannot be known that all of it has arrived: then all of it is sent again. */
  send(givenUp: GivenUp): Promise<void>
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

/** To a topic of the same cluster: one message a record, under the record's own key. Rules 41, 43. */
class TopicSender implements Sender {
  readonly #topic: string
  readonly #parts: SenderParts
  #producer: Promise<Producer> | undefined

  constructor(topic: string, parts: SenderParts) {
    this.#topic = topic
    this.#parts = parts
  }

  async send(givenUp: GivenUp): Promise<void> {
    this.#producer ??= this.#connect()
    this.#producer.catch(() => {
      this.#producer = undefined
    })
    const producer = await this.#producer
    const nowMs = Date.now()
    const messages = [...oneByOne(givenUp)].map(one => ({
      // Without a key kafkajs deals out the partitions in turn.
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
    // Whoever sends tries again, with all of it. kafkajs, which goes by brokers, does not: what was meant for one that is
    // lost goes nowhere when its partitions have moved to one that has answered already.
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

/**
 * To SQS, SNS or S3 behind `AWS_ENDPOINT_URL`. Without it nothing is sent: what a test on this machine gives up has no
 * place in an account. The metadata stays far below the 256 KB of a message (rule 49).
 */
class AwsSender implements Sender {
  readonly #destination: Extract<Destination, { arn: string }>
  readonly #parts: SenderParts
  #put: Promise<(givenUp: GivenUp) => Promise<void>> | undefined

  constructor(destination: Extract<Destination, { arn: string }>, parts: SenderParts) {
    this.#destination = destination
    this.#parts = parts
  }

  async send(givenUp: GivenUp): Promise<void> {
    const { open } = this.#parts.origin.mapping
    this.#put ??= this.#connect()
    this.#put.catch(() => {
      this.#put = undefined
    })
    const put = await this.#put
    for (const one of open.discardUnit === 'record' ? oneByOne(givenUp) : [givenUp]) await put(one)
  }

  async close(): Promise<void> {}

  async #connect(): Promise<(givenUp: GivenUp) => Promise<void>> {
    if (!process.env.AWS_ENDPOINT_URL) {
      throw new Error(
        `AWS_ENDPOINT_URL is not set, and nothing is sent to ${this.#destination.arn} in the cloud`,
      )
    }
    const { kind, arn } = this.#destination
    const { origin, groupId } = this.#parts
    const { awsPut } = await import('./aws.ts')
    const put = await awsPut(kind, arn)
    return givenUp => {
      const nowMs = Date.now()
      if (kind !== 's3') return put(JSON.stringify(batchRecord(givenUp, origin, nowMs)))
      const key = objectKey(givenUp, { groupId, ...origin.mapping }, nowMs)
      return put(JSON.stringify(objectRecord(givenUp, origin, nowMs)), key)
    }
  }
}
