/** Maintains the tables that are declared in SQL, and publishes their changed rows. */

import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { CONSUMER } from '../../lib/app/settings/index.ts'
import { views } from '../../lib/views/process.ts'

export const handler = kafkaConsumer('views', ({ futureToleranceMs }) => views(futureToleranceMs), {
  slices: [CONSUMER],
})
