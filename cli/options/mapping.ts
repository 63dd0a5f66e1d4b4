/** Loads the mappings that the option `--mapping` of a command names. */
import { resolve } from 'node:path'
import type { Config } from '../../lib/app/config.ts'
import { INPUTS, readSettings } from '../../lib/app/settings/index.ts'
import { listMappingNames } from '../../lib/mapping/adapters/load-mappings.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { inZone } from '../../lib/mapping/read-time.ts'
import { loadNamedMapping, type MappingsFolder } from '../../lib/recordings/import/named-mapping.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

/** Returns the mappings folder in MAPPINGS_DIR or, if it is not set, the packaged one. */
export function getMappingsFolder({ environment }: Terminal): MappingsFolder {
  const { mappingsDir } = readSettings([INPUTS], environment)
  return { path: resolve(PROJECT, mappingsDir), shown: mappingsDir }
}

/**
 * Returns the named mappings or, without names, all of the folder in the order of their names, as `intake` uses them.
 *
 * @throws OperationFailure if a mapping is unknown or invalid. The message contains all errors.
 */
export async function loadMappings(
  { families, timeZone }: Pick<Config, 'families' | 'timeZone'>,
  names: readonly string[],
  terminal: Terminal,
): Promise<readonly Mapping[]> {
  const folder = getMappingsFolder(terminal)
  const chosen = names.length > 0 ? names : await listMappingNames(folder.path)
  const resolveFile = (file: string) => resolvePath(terminal, file)
  const mappings = chosen.map(name => loadNamedMapping(families, name, folder, resolveFile))
  return (await Promise.all(mappings)).map(mapping => inZone(mapping, timeZone))
}
