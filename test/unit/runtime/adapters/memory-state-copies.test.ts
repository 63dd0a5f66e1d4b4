import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { MemoryStateCopies } from '../../../../packages/runtime/testing/state-copies.ts'
import { conformsAsStateCopies } from '../../../conformance/state-copies.ts'

const store = new MemoryStateStore()
const copies = new MemoryStateCopies(store)
conformsAsStateCopies(
  'memory',
  () => copies,
  () => store,
  {
    fence: async (state, fence) => store.fence(state, fence),
    tally: async state => Object.fromEntries(store.tally(state)),
  },
)
