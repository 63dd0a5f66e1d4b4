/** Delivers notifications to the SNS topic and to webhooks, each separately. */

import { openOutlets } from '../../lib/app/connections/receivers.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { ALERTS_TOPIC, GENERAL, NOTIFICATIONS, RECEIVERS } from '../../lib/app/settings/index.ts'
import { deliverSink } from '../../lib/notification/deliver.ts'
import { MAX_BATCH_MS } from '../../lib/notification/webhook/webhook.ts'

export const handler = kafkaConsumer(
  'deliver',
  async config => deliverSink(await openOutlets(config, Date.now), config),
  {
    slices: [GENERAL, NOTIFICATIONS, ALERTS_TOPIC, RECEIVERS],
    // Reserve time to finish a batch. If Lambda stopped the function during a batch, notifications would be delivered twice.
    reserveMs: MAX_BATCH_MS + 5_000,
  },
)
