import { readFile, stat } from 'node:fs/promises'
import type { RuleFile } from '../alerting/rule-files.ts'
import { readRuleFiles } from '../alerting/rules-directory.ts'
import { fileFailure } from './file-failure.ts'

/**
 * Returns the rule file at a path, or all rule files in a folder.
 *
 * @param shown path that is shown in messages
 * @throws OperationFailure if the path does not exist
 * @throws RulesFolderError if the folder cannot be read
 */
export async function ruleFiles(path: string, shown: string): Promise<readonly RuleFile[]> {
  const found = await stat(path).catch(error => {
    throw fileFailure(shown, error)
  })
  if (found.isDirectory()) return readRuleFiles(path, shown)
  const text = await readFile(path, 'utf8').catch(error => {
    throw fileFailure(shown, error)
  })
  return [{ where: shown, text }]
}
