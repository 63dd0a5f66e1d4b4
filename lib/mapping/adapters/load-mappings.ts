import { join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import type { Mapping } from '../mapping.ts'
import { readMapping } from '../parse-mapping.ts'

/**
 * Reads all mappings of a folder. The name of a mapping is its file name: `mine` is in `mine.yaml`.
 *
 * @param shown name of the folder in error messages
 * @throws FileError if a file cannot be read
 * @throws InvalidFile with all errors of the first invalid file
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
  return readMapping(await readConfigFile(path, shown), name, shown)
}
