import type { Command } from 'commander'
import { checkRules, errorLine, type RulesCheck } from '../../../lib/alerting/check-rules.ts'
import { RulesFolderError, readRuleFiles } from '../../../lib/alerting/rules-directory.ts'
import { someText } from '../../arguments.ts'
import { CliFailure } from '../../failure.ts'
import { fileFailure } from '../../files.ts'
import { pathIn, type Terminal } from '../../terminal.ts'

interface CheckOptions {
  readonly json?: true
}

const ABOUT = `Check the alert rules of a folder, as the functions read them when they start.

All *.yaml files of the folder are one rule set. Every error is listed with file, line, rule and key, and the
exit status is 1 if there is any. \`serverless package\` and \`serverless deploy\` refuse such rules.`

const MORE = `
Examples:
  sluice rules check rules
  sluice rules check deploy/rules --json`

export function addRulesCheck(rules: Command, terminal: Terminal): void {
  rules
    .command('check')
    .summary('check the alert rules of a folder')
    .description(ABOUT)
    .argument('[dir]', 'folder with the rule files (default: RULES_DIR, else "rules")', someText)
    .option('--json', 'print one JSON document')
    .addHelpText('after', MORE)
    .action((dir: string | undefined, options: CheckOptions) => check(dir, options, terminal))
}

async function check(dir: string | undefined, { json }: CheckOptions, terminal: Terminal): Promise<void> {
  const { stdout, environment } = terminal
  const folder = dir ?? (environment.RULES_DIR || 'rules')
  const files = await readRuleFiles(pathIn(terminal, folder), folder).catch(error => {
    throw error instanceof RulesFolderError ? new CliFailure(error.message) : fileFailure(folder, error)
  })
  const result = checkRules(files)
  if (json) stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else stdout.write(result.errors.length === 0 ? passed(result) : errorLines(result))
  if (result.errors.length > 0)
    throw new CliFailure(`${count(result.errors.length, 'error')} in the alert rules of ${folder}.`)
}

function errorLines({ errors }: RulesCheck): string {
  return errors.map(error => `${errorLine(error)}\n`).join('')
}

function passed({ rules, files }: RulesCheck): string {
  const nothing = rules === 0 ? ', so that no alert can fire' : ''
  return `${count(rules, 'rule')} in ${count(files.length, 'file')}${nothing}: ${files.join(', ')}\n`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
