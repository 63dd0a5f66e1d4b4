import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rule } from '../../domain/alerting/rule.ts'
import { type RuleFile, readRules } from '../../domain/alerting/rule-files.ts'

/** The folder of rules cannot be used. The message says which, and why. */
export class RulesFolderError extends Error {
  override readonly name = 'RulesFolderError'
}

/**
 * The alert rules of the folder that RULES_DIR names, all files as one set.
 *
 * @throws RulesFolderError, and `InvalidRules` with every fault of every file
 */
export async function loadRules(rulesDir: string): Promise<readonly Rule[]> {
  const files = await readRuleFiles(rulesDir).catch(error => {
    if (!(error instanceof RulesFolderError)) throw error
    throw new RulesFolderError(`RULES_DIR: ${error.message}`, { cause: error })
  })
  return readRules(files)
}

/**
 * All `*.yaml` and `*.yml` files of a folder, in the order of their names.
 *
 * @param shown how messages name the folder
 * @throws RulesFolderError where the folder cannot be read or holds no such file
 */
export async function readRuleFiles(folder: string, shown = folder): Promise<readonly RuleFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error => {
    throw new RulesFolderError(`${shown}: ${REASONS[error.code] ?? error.message}`, { cause: error })
  })
  const names = entries.filter(entry => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
  if (names.length === 0)
    throw new RulesFolderError(`${shown}: no *.yaml file in it, so there is no rule; is it the right folder?`)
  const files = names.map(async ({ name }) => ({
    where: join(shown, name),
    text: await readFile(join(folder, name), 'utf8'),
  }))
  return (await Promise.all(files)).sort((a, b) => (a.where < b.where ? -1 : 1))
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is a file, and must be the folder with the rule files',
  EACCES: 'the folder may not be read',
}
