import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addNewConsumer } from './new/consumer.ts'

export function addNew(program: Command, terminal: Terminal): void {
  const command = program
    .command('new')
    .summary('start something new in this project')
    .description('Write the files that something new in this project begins with.')
  addNewConsumer(command, terminal)
}
