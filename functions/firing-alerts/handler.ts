/** Keeps the alerts that fire now, and who has acknowledged them, for whoever asks. */

import { firingAlerts } from '../../lib/alerting/firing-alerts.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'

export const handler = kafkaConsumer('firing-alerts', firingAlerts)
