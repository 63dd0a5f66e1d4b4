/** Reads the folder of notifications, and checks routes and receivers together. */
import { join } from 'node:path'
import { errorLine } from '../../support/file-errors.ts'
import { InvalidReceivers } from '../parse-receivers.ts'
import { InvalidRoutes } from '../parse-routes.ts'
import type { Receiver } from '../receiver.ts'
import { type NotificationRoutes, undefinedReceivers } from '../route.ts'
import { loadReceivers, RECEIVERS_FILE } from './load-receivers.ts'
import { loadRoutes, ROUTES_FILE } from './load-routes.ts'
import { NotificationFileError } from './notifications-folder.ts'

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
  const routes = await loadRoutes(folder, shown).catch(error => {
    if (error instanceof InvalidRoutes)
      errors.push(...error.errors.map(one => ({ ...toLocatedError(one), text: errorLine(one, one.route) })))
    else if (error instanceof NotificationFileError) errors.push(toReadError(join(shown, ROUTES_FILE), error))
    else throw error
    return undefined
  })
  const receivers = await loadReceivers(folder, shown).catch(error => {
    if (error instanceof InvalidReceivers)
      errors.push(
        ...error.errors.map(one => ({ ...toLocatedError(one), text: errorLine(one, one.receiver) })),
      )
    else if (error instanceof NotificationFileError)
      errors.push(toReadError(join(shown, RECEIVERS_FILE), error))
    else throw error
    return undefined
  })
  if (routes && receivers) errors.push(...unknownReceivers(routes, receivers, join(shown, ROUTES_FILE)))
  return { routes, receivers, errors }
}

type Located = Required<Omit<NotificationError, 'text'>>

function toLocatedError({ file, line, column, message }: Located): Located {
  return { file, line, column, message }
}

function toReadError(file: string, { message }: Error): NotificationError {
  return { file, message, text: message }
}

function unknownReceivers(
  routes: NotificationRoutes,
  receivers: readonly Receiver[],
  file: string,
): NotificationError[] {
  const names = receivers.map(({ name }) => name)
  return undefinedReceivers(routes, names).map(name => {
    const message = `unknown receiver "${name}": ${RECEIVERS_FILE} has ${names.join(', ')}`
    return { file, message, text: `${file}: ${message}` }
  })
}
