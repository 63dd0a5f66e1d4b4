/** The folder that says who is told of alerts: its routes and its receivers, checked together. */
import { join } from 'node:path'
import { InvalidRoutes, faultLine as routeLine } from '../parse-routes.ts'
import type { Receiver } from '../receiver.ts'
import { InvalidReceivers, faultLine as receiverLine } from '../receivers-file.ts'
import { type NotificationRoutes, undefinedReceivers } from '../route.ts'
import { loadReceivers, RECEIVERS_FILE, ReceiversFileError } from './receivers-file.ts'
import { loadRoutes, ROUTES_FILE, RoutesFileError } from './routes-file.ts'

/** What is wrong in a file of the folder. */
export interface NotificationFault {
  /** The whole line for people, which begins with the file and where it is known with line and column. */
  readonly text: string
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
}

export interface NotificationFiles {
  /** Undefined where they have a fault. */
  readonly routes: NotificationRoutes | undefined
  readonly receivers: readonly Receiver[] | undefined
  readonly faults: readonly NotificationFault[]
}

/**
 * Reads both files as the functions do when they start, and finds every fault, also receivers that a route names and nobody
 * defines.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function readNotificationFiles(folder: string, shown: string): Promise<NotificationFiles> {
  const faults: NotificationFault[] = []
  const routes = await loadRoutes(folder, shown).catch(error => {
    if (error instanceof InvalidRoutes)
      faults.push(...error.faults.map(fault => ({ ...placed(fault), text: routeLine(fault) })))
    else if (error instanceof RoutesFileError) faults.push(unread(join(shown, ROUTES_FILE), error))
    else throw error
    return undefined
  })
  const receivers = await loadReceivers(folder, shown).catch(error => {
    if (error instanceof InvalidReceivers)
      faults.push(...error.faults.map(fault => ({ ...placed(fault), text: receiverLine(fault) })))
    else if (error instanceof ReceiversFileError) faults.push(unread(join(shown, RECEIVERS_FILE), error))
    else throw error
    return undefined
  })
  if (routes && receivers) faults.push(...unknownReceivers(routes, receivers, join(shown, ROUTES_FILE)))
  return { routes, receivers, faults }
}

type Located = Required<Omit<NotificationFault, 'text'>>

function placed({ file, line, column, message }: Located): Located {
  return { file, line, column, message }
}

function unread(file: string, { message }: Error): NotificationFault {
  return { file, message, text: message }
}

function unknownReceivers(
  routes: NotificationRoutes,
  receivers: readonly Receiver[],
  file: string,
): NotificationFault[] {
  const names = receivers.map(({ name }) => name)
  return undefinedReceivers(routes, names).map(name => {
    const message = `there is no receiver "${name}" in ${RECEIVERS_FILE}: it has ${names.join(', ')}`
    return { file, message, text: `${file}: ${message}` }
  })
}
