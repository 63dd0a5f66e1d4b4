/** Maintains the tables that are declared in SQL, and publishes their changed rows. */

import { inputTypesIn } from '../../lib/app/inputs.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { CONSUMER, GENERAL, INPUTS } from '../../lib/app/settings/index.ts'
import { views } from '../../lib/views/process.ts'

export const handler = kafkaConsumer(
  'views',
  ({ env, inputsFile, futureToleranceMs }) => views(futureToleranceMs, inputTypesIn(env, inputsFile)),
  { slices: [CONSUMER, GENERAL, INPUTS] },
)
