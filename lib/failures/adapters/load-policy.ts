import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPolicy } from '../parse-policy.ts'
import type { FailurePolicy } from '../policy.ts'

/** Name of the policy file in the folder `FAILURES_DIR`. */
const POLICY_FILE = 'policy.yaml'

/** Error for a policy file that cannot be read. The message contains the file and the reason. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError'
}

/**
 * Reads the failure policy in a folder.
 *
 * @param consumers names of all consumers; undefined if unknown
 * @param shown name of the folder in error messages
 * @throws PolicyFileError if the file cannot be read
 * @throws InvalidPolicy with all errors in the file
 */
export async function loadPolicy(
  folder: string,
  consumers?: readonly string[],
  shown = folder,
): Promise<FailurePolicy> {
  const file = join(shown, POLICY_FILE)
  const text = await readFile(join(folder, POLICY_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new PolicyFileError(`FAILURES_DIR: ${file}: ${why}`, { cause: error })
  })
  return readPolicy(text, file, consumers)
}
