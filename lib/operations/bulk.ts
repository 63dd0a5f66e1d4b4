/**
 * The publisher of many records, for commands. Functions publish few at a time, with `Connections.publisher`: what makes batches and compresses
 * them stays out of their bundles.
 */
import type { Connections } from '../runtime/lambda/connections.ts'
import type { TopicPublisher } from '../runtime/lambda/kafka-connections.ts'

/** Publishes in order, and each record once unless its delivery is given up. Several batches are on their way together. */
export async function bulkPublisherOf(
  connections: Pick<Connections, 'kafka' | 'kept'>,
): Promise<TopicPublisher> {
  const { bulkPublisher } = await import('../runtime/producer/bulk.ts')
  return connections.kept(bulkPublisher(connections.kafka))
}
