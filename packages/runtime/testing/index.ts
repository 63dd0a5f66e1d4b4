/** `@sluice/runtime/testing`: test kits for consumers that need no servers. They run the real pipeline with in-memory ports. */

export { MemoryStateStore } from '../adapters/memory/state-store.ts'
export { Stage } from './consumer-kit.ts'
export { ForwarderKit } from './forwarder-kit.ts'
export { MemoryCircuitBreaker } from './memory-circuit-breaker.ts'
export { MemoryForwardCursors } from './memory-forward-cursors.ts'
export { MemoryLogBounds } from './memory-log-bounds.ts'
export { MemoryLogReader } from './memory-log-reader.ts'
export { MemoryPublisher } from './memory-publisher.ts'
export type { PlainRecord } from './plain-record.ts'
export { ProcessKit, type ProcessKitOptions, type TakenStep } from './process-kit.ts'
export { Random } from './random.ts'
export { RecordingObserver } from './recording-observer.ts'
export { kafkaEvent, logRecord } from './records.ts'
export {
  type Simulated,
  type SimulatedDifference,
  type SimulateOptions,
  simulate,
} from './simulation/simulate.ts'
export { SinkKit } from './sink-kit.ts'
