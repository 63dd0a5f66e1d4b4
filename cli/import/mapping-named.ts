/** The mappings that `--mapping` names. */
import { basename, extname, join, resolve } from 'node:path'
import { MAPPINGS, readSettings } from '../../lib/app/settings/index.ts'
import { loadMapping, MappingFileError } from '../../lib/mapping/adapters/mapping-files.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { InvalidMapping } from '../../lib/mapping/mapping-file.ts'
import { PROJECT } from '../../programs/paths.ts'
import { CliFailure } from '../failure.ts'
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
    if (error instanceof InvalidMapping || error instanceof MappingFileError)
      throw new CliFailure(error.message, 1, { cause: error })
    throw error
  }
}
