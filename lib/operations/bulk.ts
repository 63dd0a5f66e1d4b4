/** Publisher for commands that write many records. Functions write few records at a time, with `Connections.publisher`. */

import type { TopicPublisher } from '../../packages/runtime/adapters/kafka/produce-types.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'

/**
 * Returns a publisher that keeps the order, and writes each record once unless its delivery fails. Several
 * batches are in flight at a time.
 */
export async function bulkPublisherOf(
  connections: Pick<Connections, 'kafka' | 'kept' | 'compression'>,
): Promise<TopicPublisher> {
  const { bulkPublisher } = await import('../../packages/runtime/producer/publisher.ts')
  return connections.kept(bulkPublisher(connections.kafka, connections.compression))
}
