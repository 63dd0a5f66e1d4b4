/** Evaluates each reading against the active alert rules, and publishes firing and resolved alerts. */

import { loadRules } from '../../lib/alerting/adapters/load-rules.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { RULES } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer(
  'alerting',
  async ({ families, rulesDir }) => alerting(families, await loadRules(families, rulesDir)),
  {
    slices: [RULES],
  },
)
