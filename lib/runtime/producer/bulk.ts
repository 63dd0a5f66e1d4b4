import type { Kafka } from '../adapters/kafka/client.ts'
import { ProducingConnection } from '../adapters/kafka/producing.ts'
import { producerSettings } from '../settings/producer.ts'
import { RecordProducer } from './record-producer.ts'

/** Whoever waits for a command wants to know after seconds that Kafka is away. */
const DELIVERY_TIMEOUT_MS = 30_000

/** Publishes many finished records: acknowledged by all replicas, each once, in order for each partition. */
export function bulkPublisher(kafka: () => Promise<Kafka>): RecordProducer {
  const settings = producerSettings('balanced', {
    batchBytes: 512 * 1024,
    compression: 'none',
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
  })
  return new RecordProducer(new ProducingConnection(kafka), settings)
}
