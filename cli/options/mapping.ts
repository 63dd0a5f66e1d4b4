/**
 * Option `--mapping`. It selects the mappings with which records of other formats are read, instead of the mappings of the topic.
 */
import { resolve } from 'node:path'
import type { PlainReader } from '#runtime/pipeline/decoding/index.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { MAPPINGS, readSettings } from '../../lib/app/settings/index.ts'
import { foreignReader } from '../../lib/mapping/foreign-reader.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { loadNamedMapping, type MappingsFolder } from '../../lib/operations/import/named-mapping.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { optionList, SOME_TEXT } from '../command.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

export const MAPPING = optionList(
  '<name>',
  'read records that are not CloudEvents with this mapping, a name or a file; can be repeated (default: the mappings of the topic)',
  SOME_TEXT,
)

/** Returns the mappings folder in MAPPINGS_DIR or, if it is not set, the packaged one. */
export function getMappingsFolder({ environment }: Terminal): MappingsFolder {
  const { mappingsDir } = readSettings([MAPPINGS], environment)
  return { path: resolve(PROJECT, mappingsDir), shown: mappingsDir }
}

/**
 * Returns the specified mappings.
 *
 * @throws OperationFailure if a mapping is unknown or invalid. The message contains all errors.
 */
export function loadMappings(names: readonly string[], terminal: Terminal): Promise<readonly Mapping[]> {
  const folder = getMappingsFolder(terminal)
  return Promise.all(names.map(name => loadNamedMapping(name, folder, file => resolvePath(terminal, file))))
}

/**
 * Returns the reader of records for commands that show or validate them.
 *
 * @throws OperationFailure if a mapping is unknown or invalid
 */
export async function createReader(
  config: Parameters<typeof dataReader>[0],
  names: readonly string[],
  terminal: Terminal,
): Promise<PlainReader> {
  if (names.length === 0) return dataReader(config)
  const read = foreignReader(await loadMappings(names, terminal))
  return dataReader(config, async () => read)
}
