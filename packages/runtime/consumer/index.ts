/** For authors of consumers, and all of the application: what it says of its consumers, and what they get: events, processes, sinks, failures. Pure. */
export type {
  Application,
  ConfiguredApplication,
  EventData,
  ForeignRecord,
  IgnoredRecord,
  PackagedSchema,
  TopicSettings,
} from './application.ts'
export { attributeText } from './attribute-text.ts'
export { ConfigError, PermanentError, RetryableError } from './author-errors.ts'
export {
  defineProcess,
  type EmitOptions,
  type ProcessPart,
  type Step,
  type TypedEvent,
} from './define-process.ts'
export { derivedId } from './derived-id.ts'
export { type Event, formatEntity, parseEntity, type Received } from './event.ts'
export {
  FAILURES,
  type Failure,
  type FailureClass,
  type FailureCode,
  failure,
} from './failure-codes.ts'
export {
  type FailedAttempt,
  type FailureData,
  failureId,
  listPositionParts,
} from './failure-event.ts'
export { fieldKey } from './field-key.ts'
export { FORGET, scheduleForgetting } from './forget-timer.ts'
export {
  deferRecord,
  type Forwarder,
  forwardRecord,
  type SourceRecord,
} from './forwarder.ts'
export { instant } from './instant.ts'
export { computePartition } from './murmur2.ts'
export { omitUndefined } from './omit-undefined.ts'
export {
  type PartitionContext,
  reject,
  type TakeoverPlace,
  type Timer,
} from './process.ts'
export { confirmSegment, type SegmentLimits, type SegmentSink } from './segment-sink.ts'
export { resolveFormats, type Serialization, type SerializedType } from './serialization.ts'
export { confirmDelivery, type Delivered, type Delivery, retry, type Sink, type SinkMemory } from './sink.ts'
export type { TopicName } from './topic-name.ts'
