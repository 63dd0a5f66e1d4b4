/** Names servers in messages of operations. */
import type { Config } from '../app/config.ts'

/** Returns the address of Kafka for use in messages. */
export function formatKafkaAddress({ kafka }: Config): string {
  return kafka.brokers.join(', ') || kafka.clusterArn || ''
}
