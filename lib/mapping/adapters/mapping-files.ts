import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mapping } from '../mapping.ts'
import { readMapping } from '../mapping-file.ts'

/** The file of a mapping cannot be read. The message names it and the reason. */
export class MappingFileError extends Error {
  override readonly name = 'MappingFileError'
}

/**
 * The mappings of a folder by their names: `device` is in `device.yaml`.
 *
 * @param shown how messages name the folder
 * @throws MappingFileError if a file cannot be read, `InvalidMapping` with all errors of the first that has some
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

/** @param name how failures and ids name the mapping */
export async function loadMapping(path: string, name: string, shown = path): Promise<Mapping> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new MappingFileError(`${shown}: ${why}`, { cause: error })
  })
  return readMapping(text, name, shown)
}
