import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import { conformsAsStateStore } from '../../conformance/state-store.ts'

const store = new MemoryStateStore()
conformsAsStateStore('memory', () => store)
