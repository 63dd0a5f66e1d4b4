import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { restoresAnyHistory } from '../../../conformance/checkpoint-history.ts'

function memory() {
  const states = new MemoryStateStore()
  return {
    states,
    store: states,
    remember: async (state: Parameters<typeof states.copyOf>[0]) => {
      const copy = states.copyOf(state)
      return async () => states.restore(state, copy)
    },
    lose: async (state: Parameters<typeof states.copyOf>[0]) => states.restore(state, undefined),
  }
}

restoresAnyHistory('memory', memory, 300)
