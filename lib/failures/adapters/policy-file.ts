import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FailurePolicy } from '../policy.ts'
import { readPolicy } from '../policy-file.ts'

/** The file of the folder that FAILURES_DIR names. */
const POLICY_FILE = 'policy.yaml'

/** The file cannot be read. The message names it and the reason. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError'
}

/**
 * @param consumers the consumers that there are; undefined if they are not known
 * @param shown how messages name the folder
 * @throws PolicyFileError if the file cannot be read, `InvalidPolicy` with all its errors
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
