import { MemoryStateStore } from '../../../adapters/memory/state-store.ts'
import { conformsAsSegmentSink } from '../../conformance/segment-sink.ts'

conformsAsSegmentSink('memory', () => new MemoryStateStore())
