import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addStateDrop } from './state/drop.ts'
import { addStateErase } from './state/erase.ts'
import { addStateExport } from './state/export.ts'
import { addStateImport } from './state/import.ts'
import { addStateList } from './state/list.ts'
import { addStateShow } from './state/show.ts'
import { addStateSources } from './state/sources.ts'

const ABOUT = `Look at what a consumer remembers of its partitions, take it, put it back, and erase an entity from it.

All that a consumer remembers of one partition lies in one partition state in Redis, and stands at an applied offset: the last offset that is
decided. A checkpoint is a partition state as a file; from its applied offset the log is read on.`

export function addState(program: Command, terminal: Terminal): void {
  const state = program
    .command('state')
    .summary('look at what a consumer remembers, take it, put it back, erase an entity')
    .description(ABOUT)
  addStateList(state, terminal)
  addStateShow(state, terminal)
  addStateSources(state, terminal)
  addStateExport(state, terminal)
  addStateImport(state, terminal)
  addStateDrop(state, terminal)
  addStateErase(state, terminal)
}
