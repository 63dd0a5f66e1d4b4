import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import { RulesFolderError, readRuleFiles } from '../../lib/alerting/rules-directory.ts'

/**
 * Every error of the alert rules in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function rulesProblems(folder: string, shown: string): Promise<string[]> {
  try {
    return checkRules(await readRuleFiles(folder, shown)).errors.map(errorLine)
  } catch (error) {
    if (error instanceof RulesFolderError) return [`RULES_DIR: ${error.message}`]
    throw error
  }
}
