/** Loads the mappings that the option `--mapping` of a command names. */
import { basename, extname, join, resolve } from 'node:path'
import type { Config } from '../../control/environment/config.ts'
import { INPUTS, readSettings } from '../../lib/app/settings/index.ts'
import { listMappingNames, loadMapping } from '../../lib/mapping/adapters/load-mappings.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { inZone } from '../../lib/mapping/read-time.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import { fileFailure, OperationFailure } from '../../lib/support/operation-failure.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import type { Families } from '../../lib/telemetry/index.ts'
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

/** Folder with the project's mappings. */
interface MappingsFolder {
  readonly path: string
  /** Name of the folder that is shown in messages. */
  readonly shown: string
}

/**
 * Loads the mapping with this name. A name refers to a file in the folder of mappings, but a text with a slash or an extension is a
 * path.
 *
 * @param pathOf resolves a path that the user has given
 * @throws OperationFailure if the mapping is missing or invalid
 */
async function loadNamedMapping(
  families: Families,
  named: string,
  folder: MappingsFolder,
  pathOf: (file: string) => string,
): Promise<Mapping> {
  const isFile = named.includes('/') || extname(named) !== ''
  const name = basename(named, extname(named))
  const path = isFile ? pathOf(named) : join(folder.path, `${named}.yaml`)
  try {
    return await loadMapping(families, path, name, isFile ? named : join(folder.shown, `${named}.yaml`))
  } catch (error) {
    if (!isFile && error instanceof FileError && isMissing(error.cause))
      throw new OperationFailure(await describeUnknown(named, folder), { cause: error })
    throw fileFailure(named, error)
  }
}

async function describeUnknown(named: string, { path, shown }: MappingsFolder): Promise<string> {
  const names = await listMappingNames(path)
  const available =
    names.length === 0
      ? `There are no mappings in ${shown}.`
      : `Available mappings are ${names.join(', ')} (in ${shown}).`
  return `There is no mapping ${JSON.stringify(named)}.${suggestion(named, names) ?? ''} ${available} To use another file, give its path.`
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT'
}
