import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import type { EditedFile } from '../../support/edited-file.ts'
import { describeFolderError, FileError } from '../../support/file-errors.ts'
import type { Families } from '../../telemetry/families.ts'
import type { AnyRule } from '../patterns/pattern.ts'
import { readRules } from '../rule-files.ts'

/**
 * Reads all alert rules in the folder `RULES_DIR` as one set.
 *
 * @throws FileError if the folder cannot be used, or InvalidFile with all errors of all files
 */
export async function loadRules(families: Families, rulesDir: string): Promise<readonly AnyRule[]> {
  const files = await readRuleFiles(rulesDir).catch(error => {
    if (!(error instanceof FileError)) throw error
    throw new FileError(`RULES_DIR: ${error.message}`, { cause: error })
  })
  return readRules(families, files)
}

/**
 * Reads all `*.yaml` and `*.yml` files of a folder, sorted by name.
 *
 * @param shown name of the folder in error messages
 * @throws FileError if the folder cannot be read or does not contain such a file
 */
export async function readRuleFiles(folder: string, shown = folder): Promise<readonly EditedFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error => {
    throw new FileError(`${shown}: ${describeFolderError(error, 'the rule files')}`, { cause: error })
  })
  const names = entries.filter(entry => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
  if (names.length === 0)
    throw new FileError(`${shown}: the folder has no *.yaml file, so it has no rules: check the path`)
  const files = names.map(async ({ name }) => {
    const file = join(shown, name)
    return { file, text: await readConfigFile(join(folder, name), file) }
  })
  return (await Promise.all(files)).sort((a, b) => (a.file < b.file ? -1 : 1))
}
