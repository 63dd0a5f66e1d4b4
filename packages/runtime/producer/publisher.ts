/** Publishers for serialized records: for emissions of functions, and for bulk writes of commands. */
import type { Kafka } from '../adapters/kafka/client.ts'
import { ProducerConnection } from '../adapters/kafka/producer-connection.ts'
import type { TopicPublisher } from '../adapters/kafka/producer-ports.ts'
import { ReconnectingClient } from '../adapters/kafka/reconnecting-client.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { Compression } from '../settings/kafka.ts'
import { PROFILES, type ProducerSettings, producerSettings } from '../settings/producer.ts'
import { RecordProducer } from './record-producer.ts'

/** Size from which a batch is compressed, in bytes. Smaller batches consist mainly of headers, which compress poorly. */
const COMPRESS_FROM_BYTES = 8 * 1024

/**
 * Producer settings of functions. All in-sync replicas acknowledge each record, and requests are sent one after another. A retry
 * can duplicate a record.
 */
const PUBLISHING = {
  ...PROFILES.plain,
  // No limits here, because the pipeline limits how much it publishes.
  batchRecords: Number.MAX_SAFE_INTEGER,
  bufferBytes: Number.MAX_SAFE_INTEGER,
  // Topics accept batches of at least 1 MiB. A larger record is sent alone.
  batchBytes: 900 * 1024,
  compression: 'lz4',
  compressFromBytes: COMPRESS_FROM_BYTES,
  maxInFlight: 1,
  retryBackoffMs: 300,
  requestTimeoutMs: 5_000,
  deliveryTimeoutMs: 20_000,
} as const

/** Publishes the emissions of functions. It connects with the first record, and reconnects after a long idle time. */
export class KafkaPublisher implements TopicPublisher {
  readonly #producer: ReconnectingClient<RecordProducer>

  constructor(kafka: Kafka, compression: Compression = PUBLISHING.compression) {
    const settings = { ...PUBLISHING, compression }
    this.#producer = new ReconnectingClient(
      async () => new RecordProducer(new ProducerConnection(async () => kafka), settings),
      async producer => {
        await producer.drain()
        await producer.close()
      },
    )
  }

  publish(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    return this.#producer.use(producer => producer.publish(records))
  }

  countPartitions(topic: string): Promise<number> {
    return this.#producer.use(producer => producer.countPartitions(topic))
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

/**
 * Time limit for the delivery of a record, in milliseconds. It is shorter than the default, because a person waits for the command.
 */
const DELIVERY_TIMEOUT_MS = 30_000

/**
 * Creates a publisher for many records. All replicas acknowledge each record, and the order within each partition is kept. Brokers
 * recognise repeats, so each record is written once.
 */
export function bulkPublisher(
  kafka: () => Promise<Kafka>,
  given: Partial<
    Pick<ProducerSettings, 'batchRecords' | 'batchBytes' | 'compression' | 'deliveryTimeoutMs'>
  > = {},
): RecordProducer {
  const settings = producerSettings('balanced', {
    batchBytes: 512 * 1024,
    compression: PUBLISHING.compression,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    ...given,
  })
  return new RecordProducer(new ProducerConnection(kafka), {
    ...settings,
    compressFromBytes: COMPRESS_FROM_BYTES,
  })
}
