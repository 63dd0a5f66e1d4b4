/** Reads the folder of notifications, and checks routes and receivers together. */
import { join } from 'node:path'
import { errorLine, FileError, InvalidFile } from '../../support/file-errors.ts'
import type { Receiver } from '../receiver.ts'
import type { NotificationRoutes } from '../route.ts'
import { loadReceivers, RECEIVERS_FILE } from './load-receivers.ts'
import { loadRoutes, ROUTES_FILE } from './load-routes.ts'

/** Error in a file of the notifications folder. */
export interface NotificationError {
  /** Complete error message, which starts with the file and, if known, the line and column. */
  readonly text: string
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
}

export interface NotificationFiles {
  /** Notification routes; undefined if they have errors. `receivers` is undefined in the same case. */
  readonly routes: NotificationRoutes | undefined
  readonly receivers: readonly Receiver[] | undefined
  readonly errors: readonly NotificationError[]
}

/**
 * Reads both files in the same way as the functions do when they start, and returns all errors. Receivers that routes use but that
 * do not exist are also errors.
 *
 * @param folder absolute path
 * @param shown name of the folder in error messages
 */
export async function readNotificationFiles(folder: string, shown: string): Promise<NotificationFiles> {
  const errors: NotificationError[] = []
  const collectErrors = (file: string) => (error: unknown) => {
    // Errors of routes are shown first, but the receivers are read before them.
    errors.unshift(...toNotificationErrors(error, join(shown, file)))
    return undefined
  }
  const receivers = await loadReceivers(folder, shown).catch(collectErrors(RECEIVERS_FILE))
  const names = receivers?.map(({ name }) => name)
  const routes = await loadRoutes(folder, shown, names).catch(collectErrors(ROUTES_FILE))
  return { routes, receivers, errors }
}

function toNotificationErrors(error: unknown, file: string): NotificationError[] {
  if (error instanceof InvalidFile)
    return error.errors.map(error => {
      const { line, column, message } = error
      return { file: error.file, line, column, message, text: errorLine(error) }
    })
  if (!(error instanceof FileError)) throw error
  const { message } = error
  return [{ file, message, text: message }]
}
