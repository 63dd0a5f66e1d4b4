import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import type { Families } from '../../telemetry/families.ts'
import type { Mapping } from '../mapping.ts'
import { readMapping } from '../parse-mapping.ts'

/** Returns the names of the mappings in a folder, sorted; empty if the folder is missing. */
export async function listMappingNames(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return files
    .filter(file => extname(file) === '.yaml')
    .map(file => basename(file, '.yaml'))
    .sort()
}

/**
 * Reads all mappings of a folder. The name of a mapping is its file name: `mine` is in `mine.yaml`.
 *
 * @param shown name of the folder in error messages
 * @throws FileError if a file cannot be read
 * @throws InvalidFile with all errors of the first invalid file
 */
export async function loadMappings(
  families: Families,
  folder: string,
  names: readonly string[],
  shown = folder,
): Promise<readonly Mapping[]> {
  return Promise.all(
    names.map(name => loadMapping(families, join(folder, `${name}.yaml`), name, join(shown, `${name}.yaml`))),
  )
}

/**
 * Reads one mapping file.
 *
 * @param name name of the mapping in failures and ids
 */
export async function loadMapping(
  families: Families,
  path: string,
  name: string,
  shown = path,
): Promise<Mapping> {
  return readMapping(families, await readConfigFile(path, shown), name, shown)
}
