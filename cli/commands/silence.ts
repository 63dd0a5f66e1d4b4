import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addSilenceAdd } from './silence/add.ts'
import { addSilenceEnd } from './silence/end.ts'
import { addSilenceList } from './silence/list.ts'

export function addSilence(program: Command, terminal: Terminal): void {
  const silence = program
    .command('silence')
    .summary('send no notifications of some alerts for a while')
    .description(
      'Silence alerts: those that match are not told for a while. They still fire, and stay in the alerts topic.',
    )
  addSilenceAdd(silence, terminal)
  addSilenceList(silence, terminal)
  addSilenceEnd(silence, terminal)
}
