/** The mappings that `--mapping` names. */
import { readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { MAPPINGS, readSettings } from '../../lib/app/settings/index.ts'
import { loadMapping, MappingFileError } from '../../lib/mapping/adapters/mapping-files.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { InvalidMapping } from '../../lib/mapping/mapping-file.ts'
import { PROJECT } from '../../programs/paths.ts'
import { CliFailure } from '../failure.ts'
import { suggestion } from '../similar.ts'
import { pathIn, type Terminal } from '../terminal.ts'

/**
 * A name stands for a file of MAPPINGS_DIR, else of those that ship; anything with a slash or an ending is a path.
 *
 * @throws CliFailure if there is none, or with all its errors
 */
export async function mappingNamed(named: string, terminal: Terminal): Promise<Mapping> {
  const isFile = named.includes('/') || extname(named) !== ''
  const name = basename(named, extname(named))
  const { mappingsDir } = readSettings([MAPPINGS], terminal.environment)
  const path = isFile ? pathIn(terminal, named) : join(resolve(PROJECT, mappingsDir), `${named}.yaml`)
  try {
    return await loadMapping(path, name, isFile ? named : join(mappingsDir, `${named}.yaml`))
  } catch (error) {
    if (!isFile && error instanceof MappingFileError && isMissing(error.cause))
      throw new CliFailure(await unknownText(named, terminal), 1, { cause: error })
    if (error instanceof InvalidMapping || error instanceof MappingFileError)
      throw new CliFailure(error.message, 1, { cause: error })
    throw error
  }
}

/** `Ready mappings are a, b (in config/mappings/).`, of MAPPINGS_DIR, else those that ship. */
export async function readyMappingsText(terminal: Terminal): Promise<string> {
  const { mappingsDir } = readSettings([MAPPINGS], terminal.environment)
  const names = await readyNames(terminal)
  return names.length === 0
    ? `There are no mappings in ${mappingsDir}.`
    : `Ready mappings are ${names.join(', ')} (in ${mappingsDir}).`
}

async function unknownText(named: string, terminal: Terminal): Promise<string> {
  const similar = suggestion(named, await readyNames(terminal)) ?? ''
  return `There is no mapping ${JSON.stringify(named)}.${similar} ${await readyMappingsText(terminal)} A file of your own is named by its path.`
}

/** Empty if there is no such folder. */
async function readyNames({ environment }: Terminal): Promise<readonly string[]> {
  const { mappingsDir } = readSettings([MAPPINGS], environment)
  const files = await readdir(resolve(PROJECT, mappingsDir)).catch(error => {
    if (isMissing(error)) return []
    throw error
  })
  return files
    .filter(file => extname(file) === '.yaml')
    .map(file => basename(file, '.yaml'))
    .sort()
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT'
}
