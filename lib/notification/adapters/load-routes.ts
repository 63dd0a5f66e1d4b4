import { join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import { readRoutes } from '../parse-routes.ts'
import type { NotificationRoutes } from '../route.ts'

/** Name of the routes file in the folder `NOTIFICATIONS_DIR`. */
const ROUTES_FILE = 'routes.yaml'

/**
 * Reads the notification routes in a folder.
 *
 * @param shown name of the folder in error messages
 * @param receivers names of all receivers; undefined if unknown
 * @throws FileError if the file cannot be read
 * @throws InvalidFile with all errors in the file
 */
export async function loadRoutes(
  folder: string,
  shown = folder,
  receivers?: readonly string[],
): Promise<NotificationRoutes> {
  const file = join(shown, ROUTES_FILE)
  const text = await readConfigFile(join(folder, ROUTES_FILE), `NOTIFICATIONS_DIR: ${file}`)
  return readRoutes(text, file, receivers)
}
