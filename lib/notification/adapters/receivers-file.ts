import type { Receiver } from '../receiver.ts'
import { readReceivers } from '../receivers-file.ts'
import { notificationFile } from './notification-file.ts'

/** The file of the folder that NOTIFICATIONS_DIR names. */
export const RECEIVERS_FILE = 'receivers.yaml'

/**
 * @param shown how messages name the folder
 * @throws NotificationFileError if the file cannot be read, `InvalidReceivers` with every error of it
 */
export async function loadReceivers(folder: string, shown = folder): Promise<readonly Receiver[]> {
  return readReceivers(...(await notificationFile(folder, RECEIVERS_FILE, shown)))
}
