import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addDlqList } from './dlq/list.ts'
import { addDlqPolicy } from './dlq/policy.ts'
import { addDlqShow } from './dlq/show.ts'

const ABOUT = `Look at dead letters: records that a consumer could not process.`

export function addDlq(program: Command, terminal: Terminal): void {
  const dlq = program.command('dlq').summary('look at dead letters').description(ABOUT)
  addDlqList(dlq, terminal)
  addDlqShow(dlq, terminal)
  addDlqPolicy(dlq, terminal)
}
