/** Sends events that match rules over several events to the groups of these rules. */

import { grouping } from '../../lib/alerting/patterns/grouping.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { RULES } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer(
  'grouping',
  async ({ rulesDir }) => grouping(await loadRules(rulesDir)),
  {
    slices: [RULES],
  },
)
