/** Keeps the alerts that fire now, and who has acknowledged them, for whoever asks. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { firingAlerts } from '../../lib/views/firing-alerts.ts'

export const handler = kafkaConsumer('firing-alerts', firingAlerts)
