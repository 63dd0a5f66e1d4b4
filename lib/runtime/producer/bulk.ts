import type { Kafka } from '../adapters/kafka/client.ts'
import { ProducingConnection } from '../adapters/kafka/producing.ts'
import { producerSettings } from '../settings/producer.ts'
import { RecordProducer } from './record-producer.ts'

/** Whoever waits for a command wants to know after seconds that Kafka is away. */
const DELIVERY_TIMEOUT_MS = 30_000

/**
 * Publishes many finished records: acknowledged by all replicas, in order for each partition. While it keeps trying to deliver a
 * record, Kafka has it once.
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
