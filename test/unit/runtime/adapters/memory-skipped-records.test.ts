import { MemoryStateCopies } from '../../../../lib/runtime/testing/state-copies.ts'
import { MemoryStateStore } from '../../../../lib/runtime/testing/state-store.ts'
import { conformsAsSkippedRecords } from '../../../conformance/skipped-records.ts'

const store = new MemoryStateStore()
const copies = new MemoryStateCopies(store)
conformsAsSkippedRecords('memory', () => ({ records: store, store, copies }))
