/** Writes readings, alerts and statistics to the database of STORAGE_URL. */

import { openStorage } from '../../lib/app/connections/storage.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { STORAGE } from '../../lib/app/settings/index.ts'
import { storageSink } from '../../lib/storage/sink.ts'

export const handler = kafkaConsumer(
  'storage',
  async config => storageSink(config.families, await openStorage(config)),
  {
    slices: [STORAGE],
    // Reserve time for a transaction, with the time limits of a connection and its slowest statement.
    reserveMs: 20_000,
  },
)
