/** Reads the folder of notifications, and checks routes and receivers together. */

import { loadReceivers } from '../../lib/notification/adapters/load-receivers.ts'
import { loadRoutes } from '../../lib/notification/adapters/load-routes.ts'
import { errorLine, FileError, InvalidFile } from '../../lib/support/file-errors.ts'

/**
 * Reads both files in the same way as the functions do when they start, and returns all errors as lines. Receivers that routes use but
 * that do not exist are also errors.
 *
 * @param folder absolute path
 * @param shown name of the folder in error messages
 */
export async function findNotificationErrors(folder: string, shown: string): Promise<string[]> {
  const errors: string[] = []
  const collectErrors = (error: unknown) => {
    if (!(error instanceof FileError)) throw error
    // Errors of routes are shown first, but the receivers are read before them.
    errors.unshift(...(error instanceof InvalidFile ? error.errors.map(errorLine) : [error.message]))
    return undefined
  }
  const receivers = await loadReceivers(folder, shown).catch(collectErrors)
  await loadRoutes(
    folder,
    shown,
    receivers?.map(({ name }) => name),
  ).catch(collectErrors)
  return errors
}
