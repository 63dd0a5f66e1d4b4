import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addGroupsLag } from './groups/lag.ts'
import { addGroupsList } from './groups/list.ts'

const ABOUT = `Look at the consumer groups of the cluster, whoever runs them.`

export function addGroups(program: Command, terminal: Terminal): void {
  const groups = program
    .command('groups')
    .summary('look at consumer groups, and how far they are behind')
    .description(ABOUT)
  addGroupsList(groups, terminal)
  addGroupsLag(groups, terminal)
}
