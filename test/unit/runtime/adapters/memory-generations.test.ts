import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { formerStatesConformance } from '../../../conformance/former-states.ts'
import { conformsAsGenerations } from '../../../conformance/generations.ts'
import { MemoryGenerations } from '../../../support/memory-generations.ts'

const store = new MemoryStateStore()
const copies = new MemoryGenerations(store)
conformsAsGenerations(
  'memory',
  () => copies,
  () => store,
  { tally: async state => Object.fromEntries(store.tally(state)) },
)
formerStatesConformance(
  'memory',
  () => store,
  () => copies,
)
