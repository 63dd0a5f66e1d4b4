/** Finds the errors of saved files, with the current families: a saved rule or mapping may be for a family that was saved before it. */
import { relative } from 'node:path'
import process from 'node:process'
import { findInputProblems } from '../../infra/checks/config-files.ts'
import { checkRules } from '../../lib/alerting/index.ts'
import { describeMeaning } from '../../lib/analytics/known.ts'
import { FAMILIES, INPUTS, NAMES, ONE_MACHINE, readSettings } from '../../lib/app/settings/index.ts'
import { listSchemaColumns } from '../../lib/history/index.ts'
import type { EditedFile } from '../../lib/support/edited-file.ts'
import { errorLine } from '../../lib/support/file-errors.ts'
import { buildFamilySchema, type Families } from '../../lib/telemetry/index.ts'
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
  const { families, ...settings } = readSettings([FAMILIES, NAMES, INPUTS, ONE_MACHINE])
  const config = { ...settings, env: process.env.SLUICE_ENV || 'local', inputsFile }
  const [shown, shownMappings] = [inputsFile, mappingsDir].map(path => relative(PROJECT, path))
  return findInputProblems(families, config, shown ?? '', [mappingsDir, shownMappings ?? ''])
}

/** Returns what means something else than before, such as `temperature of environment (was °C; now K)`. */
export function listChangedMeanings(before: Families): string[] {
  const now = readSettings([FAMILIES]).families
  return now.all.flatMap(family => {
    const former = before.byName[family.name]
    return [...Object.keys(family.metrics), ...Object.keys(family.states)].flatMap(name => {
      const [was, is] = [former && describeMeaning(former, name), describeMeaning(family, name)]
      return was === undefined || was === is
        ? []
        : `${name} of ${family.name} (was ${was || 'no unit'}; now ${is || 'no unit'})`
    })
  })
}

/** Returns the fields of readings that have another type than before, such as `level of logs`. */
export function listRetyped(before: Families): string[] {
  const listTypes = (families: Families) =>
    families.all.flatMap(({ name, file }) =>
      listSchemaColumns(buildFamilySchema(file)).map(
        field => [`${field.path.join('.')} of ${name}`, field.type] as const,
      ),
    )
  const types = new Map(listTypes(before))
  const now = listTypes(readSettings([FAMILIES]).families)
  return now.flatMap(([field, type]) => ((types.get(field) ?? type) === type ? [] : field))
}
