/** Finds the mappings that the option `--mapping` names. */
import { basename, extname, join } from 'node:path'
import { listMappingNames, loadMapping } from '../../mapping/adapters/load-mappings.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { FileError } from '../../support/file-errors.ts'
import { fileFailure, OperationFailure } from '../../support/operation-failure.ts'
import { suggestion } from '../../support/suggestion.ts'
import type { Families } from '../../telemetry/families.ts'

/** Folder with the project's mappings. */
export interface MappingsFolder {
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
export async function loadNamedMapping(
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
