/** Sink that writes readings, alerts and statistics to a database. */
import { confirmDelivery, type Sink } from '#runtime/consumer/index.ts'
import { STORED_TYPES, toRows } from './rows.ts'
import type { Storage } from './storage.ts'

/** Number of events in a transaction. It is the number of records that the pipeline decides at once. */
const BATCH = 500

/** Returns the sink. A refused row is reported as a failure; while the database is away, the records wait in Kafka. */
export function storageSink(storage: Storage): Sink {
  return {
    name: 'storage',
    accepts: STORED_TYPES,
    batchSize: BATCH,
    async deliver(deliveries) {
      await storage.write(toRows(deliveries), 'replace')
      return deliveries.map(() => confirmDelivery('stored'))
    },
    close: () => storage.close(),
  }
}
