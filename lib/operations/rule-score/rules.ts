/** The rules of a file or a folder that can be scored. */
import { checkRules, errorLine } from '../../alerting/check-rules.ts'
import { type AnyRule, isOfReadingsAlone, isPatternRule } from '../../alerting/patterns/pattern.ts'
import { identityOf } from '../../alerting/rule.ts'
import { readRules } from '../../alerting/rule-files.ts'
import { RulesFolderError } from '../../alerting/rules-directory.ts'
import { OperationFailure } from '../failure.ts'
import { ruleFiles } from '../rule-files.ts'

/**
 * Rules over events of a group, or over events that are no readings, are left out: labels name entities, and a
 * recording has readings alone.
 *
 * @param path of a rule file, or of a folder of them
 * @param shown how messages name it
 * @param onLeftOut receives the names of those
 * @throws OperationFailure if they cannot be read, or with every error in them
 */
export async function rulesAt(
  path: string,
  shown: string,
  onLeftOut: (rules: readonly string[]) => void,
): Promise<readonly AnyRule[]> {
  const rules = await allRulesAt(path, shown)
  const scored = rules.filter(rule => !isPatternRule(rule) || isOfReadingsAlone(rule.pattern))
  const left = rules.filter(rule => !scored.includes(rule)).map(identityOf)
  if (left.length > 0) onLeftOut(left)
  return scored
}

/** All rules of a file or a folder. @throws OperationFailure if they cannot be read, or with every error in them */
export async function allRulesAt(path: string, shown: string): Promise<readonly AnyRule[]> {
  const files = await ruleFiles(path, shown).catch(error => {
    throw error instanceof RulesFolderError ? new OperationFailure(error.message) : error
  })
  const { errors } = checkRules(files)
  if (errors.length > 0) throw new OperationFailure(errors.map(errorLine).join('\n'))
  return readRules(files)
}
