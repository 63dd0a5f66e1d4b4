/** Sends each alert to its group, as configured in the notification routes. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { NOTIFICATIONS } from '../../lib/app/settings/index.ts'
import { loadRoutes } from '../../lib/notification/adapters/routes-file.ts'
import { alertRouter } from '../../lib/notification/alert-router.ts'

export const handler = kafkaConsumer(
  'alert-router',
  async ({ notificationsDir }) => alertRouter(await loadRoutes(notificationsDir)),
  { slices: [NOTIFICATIONS] },
)
