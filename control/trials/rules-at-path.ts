import { stat } from 'node:fs/promises'
import { readRuleFiles } from '../../lib/alerting/adapters/index.ts'
import { type AnyRule, readRules } from '../../lib/alerting/index.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import type { EditedFile } from '../../lib/support/edited-file.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import type { Families } from '../../lib/telemetry/index.ts'

/**
 * Returns the rule file at a path, or all rule files in a folder.
 *
 * @param shown path that is shown in messages
 * @throws OperationFailure if the path does not exist
 * @throws FileError if the folder or a file cannot be read
 */
export async function readRuleFilesAt(path: string, shown: string): Promise<readonly EditedFile[]> {
  const found = await stat(path).catch(error => {
    throw fileFailure(shown, error)
  })
  if (found.isDirectory()) return readRuleFiles(path, shown)
  return [{ file: shown, text: await readConfigFile(path, shown) }]
}

/**
 * Returns the rules of a file, or of all rule files in a folder.
 *
 * @throws OperationFailure if the rules cannot be read or have errors
 */
export async function readRulesAt(
  families: Families,
  path: string,
  shown: string,
): Promise<readonly AnyRule[]> {
  try {
    return readRules(families, await readRuleFilesAt(path, shown))
  } catch (error) {
    throw fileFailure(shown, error)
  }
}
