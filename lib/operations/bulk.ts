/**
 * The publisher of many records, for commands. Functions publish few at a time, with `Connections.publisher`.
 */

import type { TopicPublisher } from '../../packages/runtime/adapters/kafka/produce-types.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'

/** Publishes in order, and each record once unless its delivery is given up. Several batches are on their way together. */
export async function bulkPublisherOf(
  connections: Pick<Connections, 'kafka' | 'kept' | 'compression'>,
): Promise<TopicPublisher> {
  const { bulkPublisher } = await import('../../packages/runtime/producer/publisher.ts')
  return connections.kept(bulkPublisher(connections.kafka, connections.compression))
}
