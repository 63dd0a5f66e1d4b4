/** Sends each event to the groups for which a rule over several events has to evaluate it. */

import { loadRules } from '../../lib/alerting/adapters/load-rules.ts'
import { grouping } from '../../lib/alerting/patterns/grouping.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { RULES } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer(
  'grouping',
  async ({ families, rulesDir }) => grouping(families, await loadRules(families, rulesDir)),
  {
    slices: [RULES],
  },
)
