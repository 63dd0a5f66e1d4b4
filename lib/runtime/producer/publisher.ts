/** Publish finished records: what functions emit, and what commands write in bulk. */
import type { Kafka } from '../adapters/kafka/client.ts'
import type { TopicPublisher } from '../adapters/kafka/produce-types.ts'
import { ProducingConnection } from '../adapters/kafka/producing.ts'
import { ReconnectingClient } from '../adapters/kafka/reconnecting-client.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import { PROFILES, producerSettings } from '../settings/producer.ts'
import { RecordProducer } from './record-producer.ts'

/** How functions publish: acknowledged by all copies in sync, one request after another. A retry can repeat a record. */
export const PUBLISHING = {
  ...PROFILES.plain.settings,
  // Each publish says when it is complete, and the pipeline bounds how much it publishes.
  batchRecords: Number.MAX_SAFE_INTEGER,
  bufferBytes: Number.MAX_SAFE_INTEGER,
  // Kafka compares the size of a batch with the limit of its topic, at least 1 MiB. A larger record is sent alone.
  batchBytes: 900 * 1024,
  compression: 'gzip',
  compressFromBytes: 8 * 1024,
  maxInFlight: 1,
  retryBackoffMs: 300,
  requestTimeoutMs: 5_000,
  deliveryTimeoutMs: 20_000,
} as const

/** Publishes what functions emit. It connects at the first record, and anew after a long idle time. */
export class KafkaPublisher implements TopicPublisher {
  readonly #producer: ReconnectingClient<RecordProducer>

  constructor(kafka: Kafka) {
    this.#producer = new ReconnectingClient(
      async () => new RecordProducer(new ProducingConnection(async () => kafka), PUBLISHING),
      async producer => {
        await producer.drained()
        await producer.close()
      },
    )
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#producer.use(producer => producer.publish(records))
  }

  append(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    return this.#producer.use(producer => producer.append(records))
  }

  partitionsOf(topic: string): Promise<number> {
    return this.#producer.use(producer => producer.partitionsOf(topic))
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

/** Whoever waits for a command wants to know after seconds that Kafka is away. */
const DELIVERY_TIMEOUT_MS = 30_000

/**
 * Publishes many records: acknowledged by all replicas, in order for each partition. While it keeps trying to deliver a record, Kafka
 * has it once.
 */
export function bulkPublisher(
  kafka: () => Promise<Kafka>,
  deliveryTimeoutMs = DELIVERY_TIMEOUT_MS,
): RecordProducer {
  const settings = producerSettings('balanced', {
    batchBytes: 512 * 1024,
    // Every client can read it.
    compression: 'gzip',
    deliveryTimeoutMs,
  })
  return new RecordProducer(new ProducingConnection(kafka), settings)
}
