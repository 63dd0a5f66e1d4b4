import { MemoryStateStore } from '../../../../lib/runtime/adapters/memory/state-store.ts'
import { MemoryStateCopies } from '../../../../lib/runtime/testing/state-copies.ts'
import { conformsAsSkippedRecords } from '../../../conformance/skipped-records.ts'

const store = new MemoryStateStore()
const copies = new MemoryStateCopies(store)
conformsAsSkippedRecords('memory', () => ({ records: store, store, copies }))
