/** Names of servers and reasons of their errors, for messages of operations. */
import type { Config } from '../app/config.ts'

/** Returns the address of Kafka for messages. */
export function kafkaAddress({ kafka }: Config): string {
  return kafka.brokers.join(', ') || kafka.clusterArn || ''
}

/** Returns the reason of an error that a client library has thrown. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message : message
}
