/**
 * Checks the configuration files and returns errors with file and line. Folders are absolute paths; messages use the shorter name
 * `shown`.
 */

import { readRuleFiles } from '../../lib/alerting/adapters/index.ts'
import { checkRules } from '../../lib/alerting/index.ts'
import { type InputsConfig, resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { loadPolicy } from '../../lib/failures/adapters/load-policy.ts'
import { loadInputs } from '../../lib/intake/adapters/load-inputs.ts'
import { describeHiddenMappings } from '../../lib/mapping/hidden-mappings.ts'

export { findNotificationErrors } from './check-notifications.ts'

import { errorLine, FileError, InvalidFile } from '../../lib/support/file-errors.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { loadPlan, readTables } from '../../lib/views/adapters/index.ts'
import type { TablePlan } from '../../lib/views/index.ts'

/** Checks the alert rules. @param views folders with the plan of the tables that rules can watch, as those of `loadPlan` */
export async function findRulesProblems(
  families: Families,
  folder: string,
  shown: string,
  views?: readonly [viewsDir: string, sentViewsDir?: string | undefined],
): Promise<string[]> {
  try {
    const tables = views === undefined ? undefined : await readTables(...views)
    return checkRules(families, await readRuleFiles(folder, shown), tables).errors.map(errorLine)
  } catch (error) {
    if (error instanceof FileError) return [`RULES_DIR: ${error.message}`]
    throw error
  }
}

/** Checks the plan of the tables. @param inputs topics that the environment reads as inputs */
export async function findViewsProblems(folder: string, inputs: readonly string[]): Promise<string[]> {
  const describe = ({ name, input = '' }: TablePlan) =>
    `VIEWS_DIR: the table ${name} reads ${input}, which is not an input here. Add it to the inputs, or remove the table.`
  return loadPlan(folder).then(
    ({ tables }) => tables.filter(({ input }) => input && !inputs.includes(input)).map(describe),
    toErrorLines,
  )
}

/** Checks the failure policy. @param consumers names of the consumers to which the policy may refer */
export async function findPolicyProblems(
  folder: string,
  shown: string,
  consumers: readonly string[],
): Promise<string[]> {
  return loadPolicy(folder, consumers, shown).then(() => [], toErrorLines)
}

/**
 * Checks the list of inputs, and the mappings and schemas that it refers to.
 *
 * @param shown name of the file in messages
 * @param mappings folder of the mappings, and its name in messages
 * @param warn called for each mapping that others are not reached behind
 */
export async function findInputProblems(
  families: Families,
  config: InputsConfig,
  shown: string,
  [folder, shownFolder]: readonly [folder: string, shown: string] = ['config/mappings', 'config/mappings'],
  warn?: (warning: string) => void,
): Promise<string[]> {
  try {
    const inputs = await loadInputs(families, resolveInputs(config), {
      file: config.inputsFile,
      shown,
      folder,
      shownFolder,
      env: config.env,
    })
    const mappings = [...inputs.values()].map(({ loadedMappings }) => loadedMappings)
    if (warn) describeHiddenMappings(mappings).forEach(warn)
    return []
  } catch (error) {
    return toErrorLines(error)
  }
}

function toErrorLines(error: unknown): string[] {
  if (error instanceof InvalidFile) return error.errors.map(errorLine)
  if (error instanceof FileError) return [error.message]
  throw error
}
