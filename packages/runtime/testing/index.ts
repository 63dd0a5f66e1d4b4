/** `@sluice/runtime/testing`: test kits for consumers that need no servers. They run the real pipeline with in-memory ports. */

export { MemoryStateStore } from '../adapters/memory/state-store.ts'
export { MemoryCircuitBreaker } from './circuit-breaker.ts'
export { MemoryForwardCursors } from './forward-cursors.ts'
export { ForwarderKit } from './forwarder-kit.ts'
export { MemoryLogBounds } from './log-bounds.ts'
export { MemoryLogReader } from './log-reader.ts'
export { type PlainRecord, ProcessKit, type ProcessKitOptions, type TakenStep } from './process-kit.ts'
export { MemoryPublisher } from './publisher.ts'
export { RecordingObserver } from './recording-observer.ts'
export { kafkaEvent, logRecord } from './records.ts'
export { SinkKit } from './sink-kit.ts'
export { Stage } from './stage.ts'
