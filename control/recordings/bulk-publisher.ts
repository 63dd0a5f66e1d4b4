/**
 * Creates the publisher for commands that write many records. Functions write few records at a time, and use
 * `Connections.publisher` instead.
 */

import { omitUndefined } from '#runtime/consumer'
import type { Connections } from '#runtime/functions/connections'
import type { TopicPublisher } from '#runtime/operating/kafka'
import type { Config } from '../environment/config.ts'

/**
 * Returns a publisher that preserves the order of records and has several batches in flight. Each record is written once, unless
 * its delivery fails.
 */
export async function openBulkPublisher(
  connections: Pick<Connections, 'kafka' | 'register' | 'compression'> & {
    readonly config: Pick<Config, 'producer'>
  },
): Promise<TopicPublisher> {
  const { bulkPublisher } = await import('#runtime/operating/kafka')
  const { batchRecords, batchBytes } = connections.config.producer
  const given = omitUndefined({ batchRecords, batchBytes, compression: connections.compression })
  return connections.register(bulkPublisher(connections.kafka, given))
}
