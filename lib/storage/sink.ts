/** Sink that writes readings, alerts and statistics to a database. */
import { confirmDelivery, type Sink } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'
import { listStoredTypes, toRows } from './rows.ts'
import type { Storage } from './storage.ts'

/** Number of events in a transaction. It is the number of records that the pipeline decides at once. */
const BATCH = 500

/** Returns the sink. A refused row is reported as a failure; while the database is away, the records wait in Kafka. */
export function storageSink(families: Families, storage: Storage): Sink {
  return {
    name: 'storage',
    accepts: listStoredTypes(families),
    batchSize: BATCH,
    async deliver(deliveries) {
      await storage.write(toRows(families, deliveries), 'replace')
      return deliveries.map(() => confirmDelivery('stored'))
    },
    close: () => storage.close(),
  }
}
