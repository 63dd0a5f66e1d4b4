import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { conformsAsSkippedRecords } from '../../../conformance/skipped-records.ts'
import { MemoryGenerations } from '../../../support/memory-generations.ts'

const store = new MemoryStateStore()
const copies = new MemoryGenerations(store)
conformsAsSkippedRecords('memory', () => ({ records: store, store, copies }))
