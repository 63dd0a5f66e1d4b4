import { readRoutes } from '../parse-routes.ts'
import type { NotificationRoutes } from '../route.ts'
import { notificationFile } from './notifications-folder.ts'

/** Name of the routes file in the folder `NOTIFICATIONS_DIR`. */
export const ROUTES_FILE = 'routes.yaml'

/**
 * Reads the notification routes in a folder.
 *
 * @param shown name of the folder in error messages
 * @throws NotificationFileError if the file cannot be read
 * @throws InvalidRoutes with all errors in the file
 */
export async function loadRoutes(folder: string, shown = folder): Promise<NotificationRoutes> {
  return readRoutes(...(await notificationFile(folder, ROUTES_FILE, shown)))
}
