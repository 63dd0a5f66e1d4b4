import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addRulesCheck } from './rules/check.ts'

export function addRules(program: Command, terminal: Terminal): void {
  const rules = program
    .command('rules')
    .summary('check alert rules')
    .description('Look after the alert rules: the YAML files that say when a reading is an alert.')
  addRulesCheck(rules, terminal)
}
