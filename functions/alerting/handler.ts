/** Evaluates each reading against the active alert rules, and publishes firing and resolved alerts. */

import { alerting } from '../../lib/alerting/process.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { RULES } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer(
  'alerting',
  async ({ rulesDir }) => alerting(await loadRules(rulesDir)),
  {
    slices: [RULES],
  },
)
