import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of the folder that NOTIFICATIONS_DIR names cannot be read. The message names it and the reason. */
export class NotificationFileError extends Error {
  override readonly name = 'NotificationFileError'
}

/**
 * The text of a file, and how messages name it.
 *
 * @param shown how messages name the folder
 * @throws NotificationFileError if it cannot be read
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
