/** Writes all records of the archived topics to the history. */

import { historyStore, tableOfTopic } from '../../lib/app/connections/history-store.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { HISTORY, REGISTRY } from '../../lib/app/settings/index.ts'
import { archiver, hideEvents } from '../../lib/history/archiver.ts'

export const handler = kafkaConsumer(
  'archiver',
  async config =>
    archiver({
      name: 'archiver',
      store: await historyStore(config),
      reader: dataReader(config),
      families: config.families,
      tableOfTopic: topic => tableOfTopic(config.names, topic),
    }),
  { slices: [HISTORY, REGISTRY], adapt: hideEvents },
)
