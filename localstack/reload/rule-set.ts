import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readRuleFiles } from '../../lib/adapters/files/rules.ts'
import { checkRules, faultLine } from '../../lib/domain/alerting/check-rules.ts'
import { identityOf, type Rule } from '../../lib/domain/alerting/rule.ts'
import { InvalidRules, type RuleFile, readRules } from '../../lib/domain/alerting/rule-files.ts'

/** The alert rules of a folder at one moment: what was checked is what is copied, whatever is saved in between. */
export interface RuleSet {
  readonly files: readonly RuleFile[]
  readonly rules: readonly Rule[]
}

/**
 * @param shownAs what the folder is called in messages
 * @throws where the folder cannot be read, or with a line for each fault in its files
 */
export async function readRuleSet(folder: string, shownAs = folder): Promise<RuleSet> {
  const files = await readRuleFiles(folder, shownAs)
  try {
    return { files, rules: readRules(files) }
  } catch (error) {
    if (!(error instanceof InvalidRules)) throw error
    throw new Error(checkRules(files).faults.map(faultLine).join('\n'), { cause: error })
  }
}

export async function copyRuleSet({ files }: RuleSet, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Promise.all(files.map(({ where, text }) => writeFile(join(folder, basename(where)), text)))
}

/**
 * How many rules differ, as `1 rule added, 2 rules changed`; undefined where none does. A rule is the same one as long as its
 * name and labels are.
 */
export function differenceOf(before: readonly Rule[], after: readonly Rule[]): string | undefined {
  const old = byIdentity(before)
  const now = byIdentity(after)
  const added = [...now.keys()].filter(id => !old.has(id))
  const removed = [...old.keys()].filter(id => !now.has(id))
  const changed = [...now].filter(([id, rule]) => old.has(id) && !isDeepStrictEqual(old.get(id), rule))
  const counts = [
    [added.length, 'added'],
    [removed.length, 'removed'],
    [changed.length, 'changed'],
  ] as const
  const said = counts
    .filter(([count]) => count > 0)
    .map(([count, how]) => `${count} ${count === 1 ? 'rule' : 'rules'} ${how}`)
  return said.length > 0 ? said.join(', ') : undefined
}

function byIdentity(rules: readonly Rule[]): ReadonlyMap<string, Rule> {
  return new Map(rules.map(rule => [identityOf(rule), rule]))
}
