import { MemoryStateStore } from '../../../../lib/runtime/testing/state-store.ts'
import { conformsAsSegmentSink } from '../../../conformance/segment-sink.ts'

conformsAsSegmentSink('memory', () => new MemoryStateStore())
