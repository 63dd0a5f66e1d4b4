/** Names servers and explains their errors in messages of operations. */
import type { Config } from '../app/config.ts'

/** Returns the address of Kafka for use in messages. */
export function formatKafkaAddress({ kafka }: Config): string {
  return kafka.brokers.join(', ') || kafka.clusterArn || ''
}

/** Returns the reason for an error of a client library. */
export function getReason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message : message
}
