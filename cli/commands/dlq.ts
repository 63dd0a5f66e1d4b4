import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addDlqDrop } from './dlq/drop.ts'
import { addDlqExport } from './dlq/export.ts'
import { addDlqList } from './dlq/list.ts'
import { addDlqPolicy } from './dlq/policy.ts'
import { addDlqRedrive } from './dlq/redrive.ts'
import { addDlqShow } from './dlq/show.ts'

const ABOUT = `Look at dead letters, which are records that a consumer could not process, and bring them back.`

export function addDlq(program: Command, terminal: Terminal): void {
  const dlq = program.command('dlq').summary('look at dead letters, and redrive them').description(ABOUT)
  addDlqList(dlq, terminal)
  addDlqShow(dlq, terminal)
  addDlqPolicy(dlq, terminal)
  addDlqRedrive(dlq, terminal)
  addDlqDrop(dlq, terminal)
  addDlqExport(dlq, terminal)
}
