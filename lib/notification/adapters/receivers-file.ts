import { readFile } from 'node:fs/promises'
import type { Receiver } from '../receiver.ts'
import { readReceivers } from '../receivers-file.ts'

/** The file of receivers cannot be read. The message names the file and the reason. */
export class ReceiversFileError extends Error {
  override readonly name = 'ReceiversFileError'
}

/**
 * @param path of the file
 * @param shown how messages name it
 * @throws ReceiversFileError if it cannot be read, `InvalidReceivers` with every fault of it
 */
export async function loadReceivers(path: string, shown = path): Promise<readonly Receiver[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = REASONS[error.code ?? ''] ?? error.message
    throw new ReceiversFileError(`${shown}: ${reason}`, { cause: error })
  })
  return readReceivers(text, shown)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the file of receivers',
  EACCES: 'the file may not be read',
}
