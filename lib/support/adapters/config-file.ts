import { readFile } from 'node:fs/promises'
import { describeReadError, FileError } from '../file-errors.ts'
import { readText } from '../text-reader.ts'

/**
 * Reads a file that users edit.
 *
 * @param shown name of the file in error messages
 * @throws FileError if the file cannot be read, or is not UTF-8
 */
export async function readConfigFile(path: string, shown: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new FileError(`${shown}: ${describeReadError(error)}`, { cause: error })
  })
  return readText(bytes, shown)
}
