/** Publish finished records: the emissions of functions, and bulk writes of commands. */
import type { Kafka } from '../adapters/kafka/client.ts'
import type { TopicPublisher } from '../adapters/kafka/produce-types.ts'
import { ProducingConnection } from '../adapters/kafka/producing.ts'
import { ReconnectingClient } from '../adapters/kafka/reconnecting-client.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { Compression } from '../settings/kafka.ts'
import { PROFILES, producerSettings } from '../settings/producer.ts'
import { RecordProducer } from './record-producer.ts'

/** Smaller batches are mostly headers. */
const COMPRESS_FROM_BYTES = 8 * 1024

/** Settings of functions: acknowledged by all copies in sync, one request after another. A retry can repeat a record. */
export const PUBLISHING = {
  ...PROFILES.plain.settings,
  // The pipeline bounds how much it publishes.
  batchRecords: Number.MAX_SAFE_INTEGER,
  bufferBytes: Number.MAX_SAFE_INTEGER,
  // Topics take batches of at least 1 MiB. A larger record is sent alone.
  batchBytes: 900 * 1024,
  compression: 'lz4',
  compressFromBytes: COMPRESS_FROM_BYTES,
  maxInFlight: 1,
  retryBackoffMs: 300,
  requestTimeoutMs: 5_000,
  deliveryTimeoutMs: 20_000,
} as const

/** Publishes the emissions of functions. It connects at the first record, and anew after a long idle time. */
export class KafkaPublisher implements TopicPublisher {
  readonly #producer: ReconnectingClient<RecordProducer>

  constructor(kafka: Kafka, compression: Compression = PUBLISHING.compression) {
    const settings = { ...PUBLISHING, compression }
    this.#producer = new ReconnectingClient(
      async () => new RecordProducer(new ProducingConnection(async () => kafka), settings),
      async producer => {
        await producer.drained()
        await producer.close()
      },
    )
  }

  publish(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    return this.#producer.use(producer => producer.publish(records))
  }

  partitionsOf(topic: string): Promise<number> {
    return this.#producer.use(producer => producer.partitionsOf(topic))
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

/** A person waits for a command. */
const DELIVERY_TIMEOUT_MS = 30_000

/** Publishes many records: acknowledged by all replicas, in order for each partition, and once while it keeps trying to deliver. */
export function bulkPublisher(
  kafka: () => Promise<Kafka>,
  compression: Compression = PUBLISHING.compression,
  deliveryTimeoutMs = DELIVERY_TIMEOUT_MS,
): RecordProducer {
  const settings = producerSettings('balanced', { batchBytes: 512 * 1024, compression, deliveryTimeoutMs })
  return new RecordProducer(new ProducingConnection(kafka), {
    ...settings,
    compressFromBytes: COMPRESS_FROM_BYTES,
  })
}
