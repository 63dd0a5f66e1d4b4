/** Delivers notifications to webhooks. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { notifyWebhook } from '../../lib/app/notify-webhook.ts'
import { GENERAL, NOTIFICATIONS, RECEIVERS } from '../../lib/app/settings/index.ts'
import { MAX_BATCH_MS } from '../../lib/notification/webhook/lane.ts'

export const handler = kafkaConsumer('notify-webhook', notifyWebhook, {
  slices: [GENERAL, NOTIFICATIONS, RECEIVERS],
  // Reserve time to finish a batch. If Lambda stopped the function during a batch, notifications would be delivered twice.
  reserveMs: MAX_BATCH_MS + 5_000,
})
