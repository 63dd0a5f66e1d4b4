import { readRoutes } from '../parse-routes.ts'
import type { NotificationRoutes } from '../route.ts'
import { notificationFile } from './notification-file.ts'

/** The file of the folder that NOTIFICATIONS_DIR names. */
export const ROUTES_FILE = 'routes.yaml'

/**
 * @param shown how messages name the folder
 * @throws NotificationFileError if the file cannot be read, `InvalidRoutes` with all its errors
 */
export async function loadRoutes(folder: string, shown = folder): Promise<NotificationRoutes> {
  return readRoutes(...(await notificationFile(folder, ROUTES_FILE, shown)))
}
