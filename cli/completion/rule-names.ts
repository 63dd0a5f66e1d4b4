import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRules, readRules } from '../../lib/alerting/rule-files.ts'
import { PROJECT } from '../../programs/paths.ts'

const RULES = join(PROJECT, 'config/rules')

/**
 * Returns the names of the project's alert rules. Returns none if the rules have errors, which a completion
 * does not report.
 */
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
