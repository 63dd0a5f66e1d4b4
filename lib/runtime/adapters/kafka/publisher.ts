import { setTimeout as pause } from 'node:timers/promises'
import type { IHeaders, Kafka, Producer, ProducerBatch, RecordMetadata } from 'kafkajs'
import { type OutgoingRecord, type RecordHeader, sizeOf } from '../../cloudevents/record.ts'
import { RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import type { Publisher } from '../../pipeline/ports.ts'
import { brokersAnswer } from './answers.ts'
import { isAway, isRefusal } from './availability.ts'
import { murmur2Partitioner, UnknownPartition } from './partitioner.ts'
import { ReconnectingClient } from './reconnecting-client.ts'
import { requestsOf } from './requests.ts'

/**
 * All records of a request for one partition form one record batch, and Kafka compares the size of the batch with the topic's limit
 * for a message, at least 1 MiB. A larger record is sent in a request of its own.
 */
const REQUEST_LIMITS = { bytes: 900 * 1024 }

/** How everything is published that functions emit: acknowledged by all copies in sync (-1), one request after another. */
export const PUBLISHING = { acks: -1, maxInFlight: 1, idempotent: false, attemptMs: 5_000 } as const

interface Waiting {
  readonly records: readonly OutgoingRecord[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Publishes to Kafka: acknowledged by all replicas, one request in flight, so that first copies leave in order. */
export class KafkaPublisher implements Publisher {
  readonly #kafka: Kafka
  readonly #producer: ReconnectingClient<Producer>
  /** Records that arrived while a request was in flight. */
  #waiting: Waiting[] = []
  #isSending = false

  constructor(kafka: Kafka) {
    this.#kafka = kafka
    this.#producer = new ReconnectingClient(
      () => producerOf(kafka),
      producer => producer.disconnect(),
    )
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ records, resolve, reject })
    if (!this.#isSending) void this.#sendWaiting()
    return promise
  }

  /** How many partitions the topic has now. */
  async partitionsOf(topic: string): Promise<number> {
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    } catch (error) {
      throw failureOf(error)
    } finally {
      await admin.disconnect()
    }
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  /** The partitions of a batch publish in parallel, so everything that waits is sent together. */
  async #sendWaiting(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) await this.#sendTogether(this.#takeWaiting())
    this.#isSending = false
  }

  /** Never rejects: the promises of the waiting callers are resolved or rejected. */
  async #sendTogether(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#send(group.flatMap(({ records }) => records))
      for (const { resolve } of group) resolve()
    } catch (error) {
      if (group.length > 1 && !(error instanceof Unavailable)) {
        // One of them has a record that Kafka refuses: the others are not to blame.
        for (const one of group) await this.#sendTogether([one])
        return
      }
      // If Kafka is unavailable, the records that wait meanwhile fail as well: a batch must not time out once for each of its
      // partitions. Later calls try again.
      const behind = error instanceof Unavailable ? this.#takeWaiting() : []
      for (const { reject } of [...group, ...behind]) reject(error as Error)
    }
  }

  #takeWaiting(): Waiting[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  async #send(records: readonly OutgoingRecord[], isAgain = false): Promise<void> {
    if (records.length === 0) return
    try {
      await this.#producer.use(async producer => {
        const copied = await this.#copied(records)
        for (const request of requestsOf(copied, sizeOf, REQUEST_LIMITS)) await sendAll(producer, request)
      })
    } catch (error) {
      // A request that timed out may still be in flight: closing its connection keeps it from overtaking later requests.
      await this.#producer.drop()
      // A producer knows the partitions of a topic for minutes. A new one learns how many there are now.
      if (error instanceof UnknownPartition && !isAgain) return this.#send(records, true)
      throw failureOf(error)
    }
  }

  /** The records, with a copy for each partition of those that go to every one. */
  async #copied(records: readonly OutgoingRecord[]): Promise<readonly OutgoingRecord[]> {
    const topics = new Set(records.flatMap(({ topic, everyPartition }) => (everyPartition ? [topic] : [])))
    if (topics.size === 0) return records
    // Looked up each time: partitions may have been added.
    const counts = new Map<string, number>()
    for (const topic of topics) counts.set(topic, await this.partitionsOf(topic))
    return records.flatMap(record =>
      record.everyPartition
        ? Array.from({ length: counts.get(record.topic) ?? 0 }, (_, partition) => ({ ...record, partition }))
        : [record],
    )
  }
}

/** A connected producer. It makes one attempt at a request: `sendAll` makes several. */
export async function producerOf(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    createPartitioner: murmur2Partitioner,
    maxInFlightRequests: PUBLISHING.maxInFlight,
    idempotent: PUBLISHING.idempotent,
    allowAutoTopicCreation: false,
    retry: { retries: 0 },
  })
  await producer.connect()
  return producer
}

/** From this size on, compression saves more of network and disk than it costs. */
const WORTH_COMPRESSING_BYTES = 8 * 1024

/** Numbers of codecs in kafkajs. Every client can read gzip. */
const [NONE, GZIP] = [0, 1]

/** A larger record is alone in its request, and not compressed: whether it fits must not depend on what is in it. */
function codecFor(records: readonly OutgoingRecord[]): number {
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
  return bytes >= WORTH_COMPRESSING_BYTES && bytes <= REQUEST_LIMITS.bytes ? GZIP : NONE
}

/** Sends records in one request, acknowledged by all replicas. Resolves to where each partition's records begin in the log. */
export function sendAll(producer: Producer, records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
  return sendWhole(producer, {
    compression: codecFor(records),
    acks: PUBLISHING.acks,
    timeout: PUBLISHING.attemptMs,
    topicMessages: byTopic(records),
  })
}

/** Waits before the second, third and fourth attempt. */
const WAITS_MS = [100, 300, 900]

/**
 * Sends a request until one attempt is acknowledged as a whole. The library's own retries cannot be used: they skip
 * every broker that has already answered. If a leader is lost and such a broker takes its place, the records for the lost
 * leader are never sent, and the request counts as acknowledged. This sends everything again: a repeat is harmless.
 */
async function sendWhole(producer: Producer, request: ProducerBatch): Promise<RecordMetadata[]> {
  for (const waitMs of WAITS_MS) {
    try {
      return await producer.sendBatch(request)
    } catch (error) {
      if (!mayPass(error)) throw error
      await pause(waitMs)
    }
  }
  return producer.sendBatch(request)
}

/** By name: an ES module cannot import the library's errors. This one wraps every error that the library would have retried. */
function mayPass(error: unknown): boolean {
  return (error as Error).name === 'KafkaJSNumberOfRetriesExceeded'
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
function grouped(headers: readonly RecordHeader<Buffer>[]): IHeaders {
  // Without a prototype: a header may be called `constructor`.
  const names: Record<string, Buffer[]> = Object.create(null)
  for (const [name, value] of headers) {
    names[name] ??= []
    names[name].push(value)
  }
  return Object.fromEntries(
    Object.entries(names).map(([name, values]) => [name, values.length > 1 ? values : (values[0] as Buffer)]),
  )
}

/** What brokers answer where they do not know the topic. */
export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION'

/** The topic does not exist, or not yet: the publisher cannot tell. */
export class UnknownTopic extends Unavailable {
  constructor(message: string, options?: ErrorOptions) {
    super('broker-unavailable', message, options)
    this.name = 'UnknownTopic'
  }
}

/** Errors that concern a record: Kafka refuses it on every attempt. */
export const REFUSED_RECORD: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
])

/** Kafka refuses the request itself, not a record: a permission or a setting must be changed. */
export class RefusedByKafka extends Error {
  override readonly name = 'RefusedByKafka'
}

/** The error for records that Kafka may take later. Whoever reports a failed function knows it by its first words. */
export function notTaken(why: string, options?: ErrorOptions): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka did not take it: ${why}`, options)
}

/** Only temporary errors become `Unavailable`; a bug keeps its error, which is logged with its place in the code. */
export function failureOf(error: unknown): unknown {
  const { message } = error as Error
  const options = { cause: error }
  const answer = brokersAnswer(error)
  if (answer === UNKNOWN_TOPIC) return new UnknownTopic(message, options)
  if (answer !== undefined && REFUSED_RECORD.has(answer))
    return new RecordRefused(`Kafka refuses a record: ${message}`, options)
  if (isAway(error)) return notTaken(message, options)
  return isRefusal(error) ? new RefusedByKafka(`Kafka refuses it: ${message}`, options) : error
}
