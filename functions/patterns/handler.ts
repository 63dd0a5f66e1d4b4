/** Evaluates rules over several events of a group, and publishes firing and resolved alerts. */

import { loadRules } from '../../lib/alerting/adapters/load-rules.ts'
import { patterns } from '../../lib/alerting/patterns/process.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { RULES } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer(
  'patterns',
  async ({ families, rulesDir }) => patterns(families, await loadRules(families, rulesDir)),
  {
    slices: [RULES],
  },
)
