import { loadPolicy, PolicyFileError } from '../../lib/failures/adapters/policy-file.ts'
import { InvalidPolicy } from '../../lib/failures/policy-file.ts'
import { errorLine } from '../../lib/file-errors.ts'

/**
 * Every error of the policy of failures in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 * @param consumers the consumers that there are
 */
export async function policyProblems(
  folder: string,
  shown: string,
  consumers: readonly string[],
): Promise<string[]> {
  try {
    await loadPolicy(folder, consumers, shown)
    return []
  } catch (error) {
    if (error instanceof InvalidPolicy) return error.errors.map(one => errorLine(one))
    if (error instanceof PolicyFileError) return [error.message]
    throw error
  }
}
