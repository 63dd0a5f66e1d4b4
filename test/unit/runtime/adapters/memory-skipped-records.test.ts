import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { MemoryGenerations } from '../../../../packages/runtime/testing/generations.ts'
import { conformsAsSkippedRecords } from '../../../conformance/skipped-records.ts'

const store = new MemoryStateStore()
const copies = new MemoryGenerations(store)
conformsAsSkippedRecords('memory', () => ({ records: store, store, copies }))
