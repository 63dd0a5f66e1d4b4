import { readdir } from 'node:fs/promises'
import { normalize } from 'node:path'
import { flagField, listField, optionalNameField } from '../../control/questions/field.ts'
import { readPlan } from '../../control/statements/statements.ts'
import { readRuleFilesAt } from '../../control/trials/rules-at-path.ts'
import { checkRules } from '../../lib/alerting/index.ts'
import { loadStreamTopics } from '../../lib/app/inputs/loaded-inputs.ts'
import {
  type CombinedParts,
  FAMILIES,
  GENERAL,
  INPUTS,
  NAMES,
  readSettings,
} from '../../lib/app/settings/index.ts'
import { count } from '../../lib/support/count.ts'
import type { EditedFile } from '../../lib/support/edited-file.ts'
import { errorLine } from '../../lib/support/file-errors.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { readTables as readPlannedTables } from '../../lib/views/adapters/index.ts'
import type { TablePlan } from '../../lib/views/index.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

export default command({
  about: `Check alert rules, as the functions read them when they start.

All *.yaml files of a folder are one rule set, and so are all files and folders that are specified together. Every
error is listed with file, line, rule and key, and the exit status is 1 if there are any. \`serverless package\` and
\`serverless deploy\` reject rules with errors. Tables and columns are looked up in the statements in VIEWS_DIR, if there are any.`,
  more: `
Examples:
  sluice rules check rules
  sluice rules check deploy/rules deploy/more.yaml --json`,
  fields: {
    file: listField(
      optionalNameField('rule files, or folders with rule files (default: RULES_DIR, else "config/rules")'),
    ),
    json: flagField('print one JSON document'),
  },
  run: ({ file, json }, terminal) => checkRuleFiles(file, json, terminal),
})

async function checkRuleFiles(named: readonly string[], json: boolean, terminal: Terminal): Promise<void> {
  const { stdout, environment } = terminal
  const settings = readSettings([FAMILIES, GENERAL, INPUTS, NAMES], environment)
  const places = named.length > 0 ? named : [environment.RULES_DIR || 'config/rules']
  const files = (await Promise.all(places.map(place => readFiles(place, terminal)))).flat()
  const views = environment.VIEWS_DIR || 'config/views'
  const tables = await readTables(settings, views, environment.SENT_VIEWS_DIR, terminal)
  const different = removeDuplicates(files)
  const { rules, errors } = checkRules(settings.families, different, tables)
  const result = { files: different.map(({ file }) => file), rules: rules.length, errors }
  if (json) stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  else if (errors.length === 0) stdout.write(formatSummary(result))
  else stdout.write(errors.map(error => `${errorLine(error)}\n`).join(''))
  if (errors.length > 0)
    throw new CliFailure(`${count(errors.length, 'error')} in the alert rules of ${places.join(', ')}.`)
}

/** Returns the rule file, or all rule files of the folder. */
async function readFiles(place: string, terminal: Terminal): Promise<readonly EditedFile[]> {
  try {
    return await readRuleFilesAt(resolvePath(terminal, place), place)
  } catch (error) {
    throw fileFailure(place, error)
  }
}

type Settings = CombinedParts<readonly [typeof FAMILIES, typeof GENERAL, typeof INPUTS, typeof NAMES]>

/** Returns the tables that the statements of the folder declare; undefined if it has no statements. */
async function readTables(
  settings: Settings,
  place: string,
  sent: string | undefined,
  terminal: Terminal,
): Promise<readonly TablePlan[] | undefined> {
  const folder = resolvePath(terminal, place)
  const names = await readdir(folder).catch((): string[] => [])
  if (!names.some(name => name.endsWith('.sql'))) return undefined
  try {
    const topics = await loadStreamTopics({ ...settings, isOneMachine: true })
    const existing = await readPlannedTables(folder, sent)
    return (await readPlan(settings.families, folder, place, topics, sent, existing)).tables
  } catch (error) {
    throw fileFailure(place, error)
  }
}

/** Removes duplicate files. They occur if both a file and its folder are specified. */
function removeDuplicates(files: readonly EditedFile[]): readonly EditedFile[] {
  return [...new Map(files.map(file => [normalize(file.file), file])).values()]
}

/** Returns the last line: the number of the rules, and the names of their files. */
function formatSummary({ rules, files }: { rules: number; files: readonly string[] }): string {
  const nothing = rules === 0 ? ', so that no alert can fire' : ''
  return `${count(rules, 'rule')} in ${count(files.length, 'file')}${nothing}: ${files.join(', ')}\n`
}
