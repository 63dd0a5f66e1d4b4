/** Publishes notifications to the SNS topic of the environment. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { notifySns } from '../../lib/app/notify-sns.ts'
import { ALERTS_TOPIC, GENERAL, NOTIFICATIONS } from '../../lib/app/settings/index.ts'

export const handler = kafkaConsumer('notify-sns', notifySns, {
  slices: [GENERAL, NOTIFICATIONS, ALERTS_TOPIC],
})
