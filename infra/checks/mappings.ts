import { join } from 'node:path'
import { errorLine } from '../../lib/file-errors.ts'
import { loadMapping, MappingFileError } from '../../lib/mapping/adapters/mapping-files.ts'
import { InvalidMapping } from '../../lib/mapping/mapping-file.ts'

/**
 * Every error of the mappings in a folder that functions name, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 * @param names the mappings
 */
export async function mappingProblems(
  folder: string,
  shown: string,
  names: readonly string[],
): Promise<string[]> {
  const found = await Promise.all(
    names.map(name =>
      loadMapping(join(folder, `${name}.yaml`), name, join(shown, `${name}.yaml`)).then(() => [], problemsOf),
    ),
  )
  return found.flat()
}

function problemsOf(error: unknown): string[] {
  if (error instanceof InvalidMapping) return error.errors.map(one => errorLine(one))
  if (error instanceof MappingFileError) return [error.message]
  throw error
}
