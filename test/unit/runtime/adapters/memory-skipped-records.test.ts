import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { MemoryStateCopies } from '../../../../packages/runtime/testing/state-copies.ts'
import { conformsAsSkippedRecords } from '../../../conformance/skipped-records.ts'

const store = new MemoryStateStore()
const copies = new MemoryStateCopies(store)
conformsAsSkippedRecords('memory', () => ({ records: store, store, copies }))
