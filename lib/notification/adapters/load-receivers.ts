import { join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import { readReceivers } from '../parse-receivers.ts'
import type { Receiver } from '../receiver.ts'

/** Name of the receivers file in the folder `NOTIFICATIONS_DIR`. */
export const RECEIVERS_FILE = 'receivers.yaml'

/**
 * Reads the receivers in a folder.
 *
 * @param shown name of the folder in error messages
 * @throws FileError if the file cannot be read
 * @throws InvalidFile with all errors in the file
 */
export async function loadReceivers(folder: string, shown = folder): Promise<readonly Receiver[]> {
  const file = join(shown, RECEIVERS_FILE)
  const text = await readConfigFile(join(folder, RECEIVERS_FILE), `NOTIFICATIONS_DIR: ${file}`)
  return readReceivers(text, file)
}
