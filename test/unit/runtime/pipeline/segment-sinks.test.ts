import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import { conformsAsSegmentSink } from '../../../conformance/segment-sink.ts'

conformsAsSegmentSink('memory', () => new MemoryStateStore())
