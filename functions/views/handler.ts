/** Maintains the tables that are declared in SQL, and publishes their changed rows. */

import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { CONSUMER, GENERAL, INPUTS, ONE_MACHINE } from '../../lib/app/settings/index.ts'
import { listInputTypes } from '../../lib/intake/input.ts'
import { views } from '../../lib/views/process.ts'

export const handler = kafkaConsumer(
  'views',
  config => views(config.families, config.futureToleranceMs, listInputTypes(resolveInputs(config))),
  { slices: [CONSUMER, GENERAL, INPUTS, ONE_MACHINE] },
)
