import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rule } from '../../domain/alerting/rule.ts'
import { readRules } from '../../domain/alerting/rule-files.ts'

/**
 * The alert rules of a folder: all its `*.yaml` files, in the order of their names, as one set.
 *
 * @throws where the folder cannot be read or holds no rule file, and `InvalidRules` with every fault of every file
 */
export async function loadRules(folder: string): Promise<readonly Rule[]> {
  const entries = await readdir(folder).catch(error => {
    throw new Error(`RULES_DIR: the folder ${folder} cannot be read: ${error.message}`, { cause: error })
  })
  const names = entries.filter(name => /\.ya?ml$/.test(name)).sort()
  if (names.length === 0) throw new Error(`RULES_DIR: no *.yaml file in ${folder}`)
  const files = names.map(async name => ({
    where: join(folder, name),
    text: await readFile(join(folder, name), 'utf8'),
  }))
  return readRules(await Promise.all(files))
}
