/** Delivers notifications to webhooks. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { notifyWebhook } from '../../lib/app/notify-webhook.ts'
import { GENERAL, NOTIFICATIONS, RECEIVERS } from '../../lib/app/settings/index.ts'
import { MAX_BATCH_MS } from '../../lib/notification/webhook/lane.ts'

export const handler = kafkaConsumer('notify-webhook', notifyWebhook, {
  slices: [GENERAL, NOTIFICATIONS, RECEIVERS],
  // Reserve time for a batch that has begun. If Lambda ended it, delivered notifications would be delivered again.
  reserveMs: MAX_BATCH_MS + 5_000,
})
