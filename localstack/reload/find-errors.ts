/** Finds the errors of saved files, with the families of now: a saved rule or mapping may be for a family that was saved before it. */
import { relative } from 'node:path'
import process from 'node:process'
import { findInputProblems } from '../../infra/checks/config-files.ts'
import { checkRules } from '../../lib/alerting/rule-files.ts'
import { FAMILIES, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import type { EditedFile } from '../../lib/support/edited-file.ts'
import { errorLine } from '../../lib/support/file-errors.ts'
import { PROJECT } from '../../scripts/paths.ts'

/** Files that decide what `intake` does. */
export interface InputFiles {
  readonly inputsFile: string
  readonly mappingsDir: string
}

/** Returns a line for each error of these rules. @throws FileError with the errors of the families */
export function findRuleErrors(files: readonly EditedFile[]): string[] {
  const { families } = readSettings([FAMILIES])
  return checkRules(families, files).errors.map(errorLine)
}

/** Returns a line for each error of the inputs and their mappings. @throws FileError with the errors of the families */
export async function findInputErrors({ inputsFile, mappingsDir }: InputFiles): Promise<string[]> {
  const { families, names } = readSettings([FAMILIES, NAMES])
  const config = { env: process.env.SLUICE_ENV || 'local', names, inputsFile }
  const [shown, shownMappings] = [inputsFile, mappingsDir].map(path => relative(PROJECT, path))
  return findInputProblems(families, config, shown ?? '', [mappingsDir, shownMappings ?? ''])
}
