import { readFile } from 'node:fs/promises'
import { FileError } from '../file-errors.ts'

/**
 * Reads a file that users edit.
 *
 * @param shown name of the file in error messages
 * @throws FileError if the file cannot be read
 */
export async function readConfigFile(path: string, shown: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new FileError(`${shown}: ${why}`, { cause: error })
  })
}
