import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Receiver } from '../receiver.ts'
import { readReceivers } from '../receivers-file.ts'

/** The file of the folder that NOTIFICATIONS_DIR names. */
export const RECEIVERS_FILE = 'receivers.yaml'

/** The file of receivers cannot be read. The message names the file and the reason. */
export class ReceiversFileError extends Error {
  override readonly name = 'ReceiversFileError'
}

/**
 * @param shown how messages name the folder
 * @throws ReceiversFileError if the file cannot be read, `InvalidReceivers` with every error of it
 */
export async function loadReceivers(folder: string, shown = folder): Promise<readonly Receiver[]> {
  const file = join(shown, RECEIVERS_FILE)
  const text = await readFile(join(folder, RECEIVERS_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new ReceiversFileError(`NOTIFICATIONS_DIR: ${file}: ${why}`, { cause: error })
  })
  return readReceivers(text, file)
}
