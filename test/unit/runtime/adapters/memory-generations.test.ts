import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import type { KeptGrowth } from '../../../../packages/runtime/pipeline/model.ts'
import { conformsAsGenerations } from '../../../conformance/generations.ts'
import { MemoryGenerations } from '../../../support/memory-generations.ts'

const store = new MemoryStateStore()
const copies = new MemoryGenerations(store)
conformsAsGenerations(
  'memory',
  () => copies,
  () => store,
  {
    tally: async state => Object.fromEntries(store.tally(state)),
    growths: async state => (store.copyOf(state) as { growths?: readonly KeptGrowth[] }).growths,
  },
)
