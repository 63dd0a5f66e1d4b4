/** The rules of a file or a folder. */
import { readFile, stat } from 'node:fs/promises'
import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import type { Rule } from '../../lib/alerting/rule.ts'
import { type RuleFile, readRules } from '../../lib/alerting/rule-files.ts'
import { RulesFolderError, readRuleFiles } from '../../lib/alerting/rules-directory.ts'
import { CliFailure } from '../failure.ts'
import { fileFailure } from '../files.ts'
import { pathIn, type Terminal } from '../terminal.ts'

/**
 * @param named a rule file, or a folder of them
 * @throws CliFailure if they cannot be read, or with every error in them
 */
export async function rulesAt(named: string, terminal: Terminal): Promise<readonly Rule[]> {
  const files = await ruleFiles(pathIn(terminal, named), named).catch(error => {
    throw error instanceof RulesFolderError ? new CliFailure(error.message) : fileFailure(named, error)
  })
  const { errors } = checkRules(files)
  if (errors.length > 0) throw new CliFailure(errors.map(errorLine).join('\n'))
  return readRules(files)
}

async function ruleFiles(path: string, shown: string): Promise<readonly RuleFile[]> {
  if ((await stat(path)).isDirectory()) return readRuleFiles(path, shown)
  return [{ where: shown, text: await readFile(path, 'utf8') }]
}
