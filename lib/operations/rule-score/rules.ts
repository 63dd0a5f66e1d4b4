/** Reads the rules of a file or folder that can be scored. */
import { checkRules, errorLine } from '../../alerting/check-rules.ts'
import { type AnyRule, isOfReadings } from '../../alerting/patterns/pattern.ts'
import { identityOf } from '../../alerting/rule.ts'
import { readRules } from '../../alerting/rule-files.ts'
import { RulesFolderError } from '../../alerting/rules-directory.ts'
import { OperationFailure } from '../failure.ts'
import { ruleFiles } from '../rule-files.ts'

/**
 * Returns the rules that can be scored. Labels refer to entities, and recordings contain only readings. Therefore, rules that
 * evaluate groups or other events are omitted.
 *
 * @param path path of a rule file or of a folder with rule files
 * @param shown path that is shown in messages
 * @param onLeftOut called with the names of the omitted rules
 * @throws OperationFailure if the rules cannot be read or have errors
 */
export async function rulesAt(
  path: string,
  shown: string,
  onLeftOut: (rules: readonly string[]) => void,
): Promise<readonly AnyRule[]> {
  const rules = await allRulesAt(path, shown)
  const scored = rules.filter(isOfReadings)
  const left = rules.filter(rule => !scored.includes(rule)).map(identityOf)
  if (left.length > 0) onLeftOut(left)
  return scored
}

/**
 * Returns all rules in a file or folder.
 *
 * @throws OperationFailure if the rules cannot be read or have errors
 */
export async function allRulesAt(path: string, shown: string): Promise<readonly AnyRule[]> {
  const files = await ruleFiles(path, shown).catch(error => {
    throw error instanceof RulesFolderError ? new OperationFailure(error.message) : error
  })
  const { errors } = checkRules(files)
  if (errors.length > 0) throw new OperationFailure(errors.map(errorLine).join('\n'))
  return readRules(files)
}
