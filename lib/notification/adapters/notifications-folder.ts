import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Error for a file in the folder `NOTIFICATIONS_DIR` that cannot be read. The message contains the file and the reason. */
export class NotificationFileError extends Error {
  override readonly name = 'NotificationFileError'
}

/**
 * Reads a file in the folder of notifications. Returns its text, and its name for error messages.
 *
 * @param shown name of the folder in error messages
 * @throws NotificationFileError if the file cannot be read
 */
export async function notificationFile(
  folder: string,
  name: string,
  shown: string,
): Promise<readonly [text: string, file: string]> {
  const file = join(shown, name)
  const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new NotificationFileError(`NOTIFICATIONS_DIR: ${file}: ${why}`, { cause: error })
  })
  return [text, file]
}
