/** Sends each alert to the group that tells of it, by the notification routes. */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { NOTIFICATIONS } from '../../lib/app/settings/index.ts'
import { alertRouter } from '../../lib/notification/alert-router.ts'
import { loadRoutes } from '../../lib/notification/routes-file.ts'

export const handler = kafkaConsumer(
  'alert-router',
  async ({ notificationsDir }) => alertRouter(await loadRoutes(notificationsDir)),
  { slices: [NOTIFICATIONS] },
)
