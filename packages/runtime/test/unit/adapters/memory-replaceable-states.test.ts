import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import { conformsAsReplaceableStates } from '../../conformance/replaceable-states.ts'
import { MemoryReplaceableStates } from '../../support/memory-replaceable-states.ts'

const store = new MemoryStateStore()
const states = new MemoryReplaceableStates(store)
conformsAsReplaceableStates(
  'memory',
  () => states,
  () => store,
  { tally: async state => Object.fromEntries(store.tally(state)) },
)
