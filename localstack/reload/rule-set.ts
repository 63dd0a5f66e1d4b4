import { isDeepStrictEqual } from 'node:util'
import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import { identityOf } from '../../lib/alerting/rule.ts'
import { InvalidRules, type RuleFile, readRules } from '../../lib/alerting/rule-files.ts'
import { readRuleFiles } from '../../lib/alerting/rules-directory.ts'

/**
 * Snapshot of the alert rules of a folder. The snapshot contains exactly the rules that were checked, even if files are saved
 * meanwhile.
 */
export interface RuleSet {
  readonly files: readonly RuleFile[]
  readonly rules: readonly AnyRule[]
}

/**
 * Reads and checks the rules of a folder.
 *
 * @param shownAs name of the folder in messages
 * @throws Error if the folder cannot be read or its files contain errors. The message has one line per error.
 */
export async function readRuleSet(folder: string, shownAs = folder): Promise<RuleSet> {
  const files = await readRuleFiles(folder, shownAs)
  try {
    return { files, rules: readRules(files) }
  } catch (error) {
    if (!(error instanceof InvalidRules)) throw error
    throw new Error(checkRules(files).errors.map(errorLine).join('\n'), { cause: error })
  }
}

/**
 * Describes the differences between two sets of rules, such as `1 rule added, 2 rules changed`; undefined if they are equal. Rules
 * are identified by name and labels.
 */
export function differenceOf(before: readonly AnyRule[], after: readonly AnyRule[]): string | undefined {
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

function byIdentity(rules: readonly AnyRule[]): ReadonlyMap<string, AnyRule> {
  return new Map(rules.map(rule => [identityOf(rule), rule]))
}
