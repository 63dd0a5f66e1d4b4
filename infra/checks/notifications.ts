import { faultLine, InvalidRoutes } from '../../lib/notification/parse-routes.ts'
import { loadRoutes, RoutesFileError } from '../../lib/notification/routes-file.ts'

/**
 * Every fault of the notification routes in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function notificationProblems(folder: string, shown: string): Promise<string[]> {
  try {
    await loadRoutes(folder, shown)
    return []
  } catch (error) {
    if (error instanceof InvalidRoutes) return error.faults.map(faultLine)
    if (error instanceof RoutesFileError) return [error.message]
    throw error
  }
}
