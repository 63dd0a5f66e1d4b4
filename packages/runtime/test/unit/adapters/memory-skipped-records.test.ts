import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import { conformsAsSkippedRecords } from '../../conformance/skipped-records.ts'

const store = new MemoryStateStore()
conformsAsSkippedRecords('memory', () => ({ records: store, store }))
