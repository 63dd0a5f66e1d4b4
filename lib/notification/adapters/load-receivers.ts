import { readReceivers } from '../parse-receivers.ts'
import type { Receiver } from '../receiver.ts'
import { notificationFile } from './notifications-folder.ts'

/** Name of the receivers file in the folder `NOTIFICATIONS_DIR`. */
export const RECEIVERS_FILE = 'receivers.yaml'

/**
 * Reads the receivers in a folder.
 *
 * @param shown name of the folder in error messages
 * @throws NotificationFileError if the file cannot be read
 * @throws InvalidReceivers with all errors in the file
 */
export async function loadReceivers(folder: string, shown = folder): Promise<readonly Receiver[]> {
  return readReceivers(...(await notificationFile(folder, RECEIVERS_FILE, shown)))
}
