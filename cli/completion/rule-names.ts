import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRules, readRules } from '../../lib/alerting/rule-files.ts'
import { PROJECT } from '../../programs/paths.ts'

const RULES = join(PROJECT, 'config/rules')

/** The names of the project's alert rules; none if the rules have errors, which is not for a completion to say. */
export function ruleNames(): readonly string[] {
  const files = globSync('*.{yaml,yml}', { cwd: RULES })
  try {
    const rules = readRules(files.map(where => ({ where, text: readFileSync(join(RULES, where), 'utf8') })))
    return [...new Set(rules.map(({ name }) => name))].sort()
  } catch (error) {
    if (error instanceof InvalidRules) return []
    throw error
  }
}
