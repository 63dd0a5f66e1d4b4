/** Delivers the notifications that name a webhook. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { notifyWebhook } from '../../lib/app/notify-webhook.ts'
import { GENERAL, NOTIFICATIONS, RECEIVERS } from '../../lib/app/settings/index.ts'
import { MAX_BATCH_MS } from '../../lib/notification/webhook/lane.ts'

export const handler = kafkaConsumer('notify-webhook', notifyWebhook, {
  slices: [GENERAL, NOTIFICATIONS, RECEIVERS],
  // A batch that has begun must be able to end, or Lambda ends it and what was delivered is delivered again.
  reserveMs: MAX_BATCH_MS + 5_000,
})
