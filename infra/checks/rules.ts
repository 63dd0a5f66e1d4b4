import { RulesFolderError, readRuleFiles } from '../../lib/adapters/files/rules.ts'
import { checkRules, faultLine } from '../../lib/domain/alerting/check-rules.ts'

/**
 * Every fault of the alert rules in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function rulesProblems(folder: string, shown: string): Promise<string[]> {
  try {
    return checkRules(await readRuleFiles(folder, shown)).faults.map(faultLine)
  } catch (error) {
    if (error instanceof RulesFolderError) return [`RULES_DIR: ${error.message}`]
    throw error
  }
}
