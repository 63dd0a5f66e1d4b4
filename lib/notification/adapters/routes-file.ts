import { readRoutes } from '../parse-routes.ts'
import type { NotificationRoutes } from '../route.ts'
import { notificationFile } from './notification-file.ts'

/** Name of the routes file in the folder `NOTIFICATIONS_DIR`. */
export const ROUTES_FILE = 'routes.yaml'

/**
 * Reads the routes of a folder.
 *
 * @param shown name of the folder in messages
 * @throws NotificationFileError if the file cannot be read
 * @throws InvalidRoutes with all its errors
 */
export async function loadRoutes(folder: string, shown = folder): Promise<NotificationRoutes> {
  return readRoutes(...(await notificationFile(folder, ROUTES_FILE, shown)))
}
