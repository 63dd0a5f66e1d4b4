/** Maintains the firing alerts, sends each to its groups, and publishes the notifications of the groups. */
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { NOTIFICATIONS } from '../../lib/app/settings/index.ts'
import { loadRoutes } from '../../lib/notification/adapters/load-routes.ts'
import { notifier } from '../../lib/notification/notifier.ts'

export const handler = kafkaConsumer(
  'notifier',
  async ({ notificationsDir }) => notifier(await loadRoutes(notificationsDir)),
  { slices: [NOTIFICATIONS] },
)
