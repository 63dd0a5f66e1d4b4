/** The ledger's producer: sends until each record is acknowledged, and stores the acknowledged partition and offset. */
import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel, type Message, Partitioners, type PartitionMetadata, type Producer } from 'kafkajs'
import { TOPICS } from '../../lib/app/naming/topic-table.ts'
import { NAMES } from '../support/families.ts'
import type { Acknowledged } from './count/input.ts'
import type { Numbered } from './feed.ts'
import { INPUT_PARTITIONS, inputTopic } from './input.ts'

/** Larger than any offset, so that partition and offset fit into one number. */
const PARTITION = 2 ** 40

/** How far the clocks of the input's producers are apart. */
const CLOCKS_MS = 24 * 3_600_000
const CLOCKS = 7

interface PublishingLimits {
  /** Total number of records. */
  readonly records: number
  /** Aborts the wait for an acknowledgement. */
  readonly signal: AbortSignal
}

export class Publisher implements Acknowledged {
  /** Does not retry by itself: the library's retries can omit the messages for a lost broker. */
  readonly #producer: Producer
  readonly #topics: ReturnType<typeof nameTopics>
  readonly #signal: AbortSignal
  /** Partition and offset by record number; 0 if not acknowledged. */
  readonly #places: Float64Array
  readonly #partitionOf = Partitioners.DefaultPartitioner()
  count = 0
  refused = 0
  /** Number of requests that were repeated because their acknowledgement was lost. */
  repeated = 0

  private constructor(producer: Producer, env: string, { records, signal }: PublishingLimits) {
    this.#producer = producer
    this.#topics = nameTopics(env)
    this.#signal = signal
    this.#places = new Float64Array(records)
  }

  static async connect(
    brokers: readonly string[],
    env: string,
    extent: PublishingLimits,
  ): Promise<Publisher> {
    const kafka = new Kafka({
      clientId: 'ledger',
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: 8_000,
    })
    return new Publisher(await connected(kafka), env, extent)
  }

  getPlace(number: number): { readonly partition: number; readonly offset: number } | undefined {
    const place = this.#places[number] ?? 0
    return place === 0
      ? undefined
      : { partition: Math.floor(place / PARTITION) - 1, offset: place % PARTITION }
  }

  async send(records: readonly Numbered[]): Promise<void> {
    const isLarge = ({ value }: Numbered) => value.length > 100_000
    await this.#send(records.filter(({ isInput }) => isInput))
    await this.#send(records.filter(record => !record.isInput && !isLarge(record)))
    // Kafka's limit applies to the whole batch of a partition, so large records are sent alone.
    for (const record of records.filter(isLarge)) await this.#send([record])
  }

  /** Sends a message that is not one of the numbered records. */
  async sendTo(topic: string, message: Message): Promise<void> {
    await this.#untilAcknowledged(topic, [message])
  }

  /** Sends a tick to each partition of a topic, so that the log's clock advances. */
  async tick(topic: string, partitions: number): Promise<void> {
    const scheduledFor = new Date().toISOString()
    const ticks = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      key: null,
      value: JSON.stringify({ partition, scheduledFor }),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: `${scheduledFor}/${partition}`,
        ce_source: '/clock',
        ce_type: 'io.sluice.clock.tick.v1',
        ce_time: scheduledFor,
      },
    }))
    await this.#untilAcknowledged(topic, ticks)
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }

  async #send(records: readonly Numbered[]): Promise<void> {
    if (records.length === 0) return
    const { topic, partitionMetadata } = this.#topics[records[0]?.isInput ? 'input' : 'readings']
    const messages = records.map(({ number, key, value, headers, isInput }) => ({
      partition: this.#partitionOf({ topic, partitionMetadata, message: { key, value: null } }),
      key,
      value,
      headers,
      ...(isInput ? { timestamp: String(Date.now() - (number % CLOCKS) * CLOCKS_MS) } : {}),
    }))
    const offsets = await this.#untilAcknowledged(topic, messages, records[0]?.isTooLarge)
    for (const [index, { partition }] of messages.entries()) {
      const offset = offsets?.get(partition)
      if (offset === undefined) continue
      this.#places[(records[index] as Numbered).number] = (partition + 1) * PARTITION + offset
      offsets?.set(partition, offset + 1)
      this.count += 1
    }
  }

  /** @returns the first offset by partition; undefined if Kafka rejects the record for its size, as expected */
  async #untilAcknowledged(
    topic: string,
    messages: readonly Message[],
    isTooLarge = false,
  ): Promise<Map<number, number> | undefined> {
    for (;;) {
      try {
        const acknowledged = await this.#producer.send({ topic, messages: [...messages], acks: -1 })
        return new Map(acknowledged.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
      } catch (error) {
        if (isTooLarge && /larger than|too large/i.test(String(error))) {
          this.refused += 1
          return undefined
        }
        this.#signal.throwIfAborted()
        this.repeated += 1
        await pause(100)
      }
    }
  }
}

async function connected(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ retry: { retries: 0 }, maxInFlightRequests: 1 })
  await producer.connect()
  return producer
}

function nameTopics(env: string) {
  const numberPartitions = (length: number) =>
    Array.from({ length }, (_, partitionId) => ({ partitionId, leader: 1 })) as unknown as PartitionMetadata[]
  return {
    readings: {
      topic: NAMES.topicName('readings', env),
      partitionMetadata: numberPartitions(TOPICS.readings.partitions),
    },
    input: { topic: inputTopic(env), partitionMetadata: numberPartitions(INPUT_PARTITIONS) },
  }
}
