import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRoutes } from '../parse-routes.ts'
import type { NotificationRoutes } from '../route.ts'

/** The file of the folder that NOTIFICATIONS_DIR names. */
export const ROUTES_FILE = 'routes.yaml'

/** The routes' file cannot be read. The message names it and the reason. */
export class RoutesFileError extends Error {
  override readonly name = 'RoutesFileError'
}

/**
 * @param shown how messages name the folder
 * @throws RoutesFileError if the file cannot be read, `InvalidRoutes` with all its errors
 */
export async function loadRoutes(folder: string, shown = folder): Promise<NotificationRoutes> {
  const file = join(shown, ROUTES_FILE)
  const text = await readFile(join(folder, ROUTES_FILE), 'utf8').catch(error => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new RoutesFileError(`NOTIFICATIONS_DIR: ${file}: ${why}`, { cause: error })
  })
  return readRoutes(text, file)
}
