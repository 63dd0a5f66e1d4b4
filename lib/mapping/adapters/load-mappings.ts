import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mapping } from '../mapping.ts'
import { readMapping } from '../parse-mapping.ts'

/** Error for a mapping file that cannot be read. The message contains the file and the reason. */
export class MappingFileError extends Error {
  override readonly name = 'MappingFileError'
}

/**
 * Reads all mappings of a folder. The name of a mapping is its file name: `device` is in `device.yaml`.
 *
 * @param shown name of the folder in error messages
 * @throws MappingFileError if a file cannot be read
 * @throws InvalidMapping with all errors of the first invalid file
 */
export async function loadMappings(
  folder: string,
  names: readonly string[],
  shown = folder,
): Promise<readonly Mapping[]> {
  return Promise.all(
    names.map(name => loadMapping(join(folder, `${name}.yaml`), name, join(shown, `${name}.yaml`))),
  )
}

/**
 * Reads one mapping file.
 *
 * @param name name of the mapping in failures and ids
 */
export async function loadMapping(path: string, name: string, shown = path): Promise<Mapping> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new MappingFileError(`${shown}: ${why}`, { cause: error })
  })
  return readMapping(text, name, shown)
}
