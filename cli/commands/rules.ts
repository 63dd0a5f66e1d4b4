import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addRulesCheck } from './rules/check.ts'
import { addRulesScore } from './rules/score.ts'
import { addRulesTest } from './rules/test.ts'

export function addRules(program: Command, terminal: Terminal): void {
  const rules = program
    .command('rules')
    .summary('check, test and score alert rules')
    .description('Check, test and score the alert rules: the YAML files that say when a reading is an alert.')
  addRulesCheck(rules, terminal)
  addRulesTest(rules, terminal)
  addRulesScore(rules, terminal)
}
