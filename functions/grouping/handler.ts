/** Sends events to the groups that rules over several events see together: only those that such a rule asks for. */

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
