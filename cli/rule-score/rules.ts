/** The rules of a file or a folder that can be scored. */
import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import { type AnyRule, isOfReadingsAlone, isPatternRule } from '../../lib/alerting/patterns/pattern.ts'
import { identityOf } from '../../lib/alerting/rule.ts'
import { readRules } from '../../lib/alerting/rule-files.ts'
import { RulesFolderError } from '../../lib/alerting/rules-directory.ts'
import { CliFailure } from '../failure.ts'
import { ruleFiles } from '../rule-files.ts'
import { pathIn, type Terminal } from '../terminal.ts'

/**
 * Rules over events of a group, or over events that are no readings, are left out, and that is said: labels name entities, and a
 * recording has readings alone.
 *
 * @param named a rule file, or a folder of them
 * @throws CliFailure if they cannot be read, or with every error in them
 */
export async function rulesAt(named: string, terminal: Terminal): Promise<readonly AnyRule[]> {
  const rules = await allRulesAt(named, terminal)
  const scored = rules.filter(rule => !isPatternRule(rule) || isOfReadingsAlone(rule.pattern))
  const left = rules.filter(rule => !scored.includes(rule)).map(identityOf)
  if (left.length > 0)
    terminal.stderr.write(
      `Not scored, because they look at more than readings of one entity: ${left.join(', ')}\n`,
    )
  return scored
}

/** All rules of a file or a folder. @throws CliFailure if they cannot be read, or with every error in them */
export async function allRulesAt(named: string, terminal: Terminal): Promise<readonly AnyRule[]> {
  const files = await ruleFiles(pathIn(terminal, named), named).catch(error => {
    throw error instanceof RulesFolderError ? new CliFailure(error.message) : error
  })
  const { errors } = checkRules(files)
  if (errors.length > 0) throw new CliFailure(errors.map(errorLine).join('\n'))
  return readRules(files)
}
