import { join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import { readPolicy } from '../parse-policy.ts'
import type { FailurePolicy } from '../policy.ts'

/** Name of the policy file in the folder `FAILURES_DIR`. */
const POLICY_FILE = 'policy.yaml'

/**
 * Reads the failure policy in a folder.
 *
 * @param consumers names of all consumers; undefined if unknown
 * @param shown name of the folder in error messages
 * @throws FileError if the file cannot be read
 * @throws InvalidFile with all errors in the file
 */
export async function loadPolicy(
  folder: string,
  consumers?: readonly string[],
  shown = folder,
): Promise<FailurePolicy> {
  const file = join(shown, POLICY_FILE)
  const text = await readConfigFile(join(folder, POLICY_FILE), `FAILURES_DIR: ${file}`)
  return readPolicy(text, file, consumers)
}
