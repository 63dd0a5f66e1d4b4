/** Collects the alerts of each group and publishes its notifications. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { NOTIFICATIONS } from '../../lib/app/settings/index.ts'
import { loadRoutes } from '../../lib/notification/adapters/routes-file.ts'
import { notifier } from '../../lib/notification/notifier.ts'

export const handler = kafkaConsumer(
  'notifier',
  async ({ notificationsDir }) => notifier((await loadRoutes(notificationsDir)).watchdog),
  { slices: [NOTIFICATIONS] },
)
