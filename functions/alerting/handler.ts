/** Holds every reading against the alert rules, and publishes an event per change: fired, resolved. */
import { loadRules } from '../../lib/adapters/files/rules.ts'
import { alerting } from '../../lib/domain/alerting/process.ts'
import { kafkaConsumer } from '../../lib/runtime.ts'

export const handler = kafkaConsumer('alerting', async ({ rulesDir }) => alerting(await loadRules(rulesDir)))
