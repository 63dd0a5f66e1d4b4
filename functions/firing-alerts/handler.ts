/** Maintains the table of firing alerts and their acknowledgements. */

import { firingAlerts } from '../../lib/alerting/firing-alerts.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'

export const handler = kafkaConsumer('firing-alerts', firingAlerts)
