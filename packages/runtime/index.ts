/**
 * `@sluice/runtime`: the API for defining consumers. A consumer is a process (pure functions with state
 * and timers), a `Sink` (delivers to a receiver), a `SegmentSink` (writes ranges of a partition as objects) or
 * a `Forwarder` (moves records to another topic). An application names the topics, reads the data of events, and defines its
 * consumers. `@sluice/runtime/lambda` creates handlers for consumers, `@sluice/runtime/testing` has test kits,
 * `@sluice/runtime/producer` publishes events from an application's own code, and `@sluice/runtime/cloudevents` converts events
 * to those of the package `cloudevents`.
 */
export { type JsonOptions, type JsonRecord, json } from './cloudevents/plain-json.ts'
export type { Application, EventData, ForeignRecord, TopicSettings } from './consumer/application.ts'
export { ConfigError, PermanentError, RetryableError } from './consumer/author-errors.ts'
export {
  type ApplicationOptions,
  type AuthoredApplication,
  type AuthoredSink,
  application,
  type TopicReader,
  type TopicRecord,
} from './consumer/authored-application.ts'
export {
  type AuthoredProcess,
  defineProcess,
  type EmitOptions,
  type EventHandler,
  type ProcessHandlers,
  type ProcessPart,
  type Step,
  type TimerHandler,
  type TypedEvent,
} from './consumer/define-process.ts'
export { derivedId } from './consumer/derived-id.ts'
export { days, hours, minutes, seconds } from './consumer/durations.ts'
export { type Event, formatEntity, getEventTime, parseEntity, type Received } from './consumer/event.ts'
export {
  FAILURES,
  type Failure,
  type FailureClass,
  type FailureCode,
  failure,
} from './consumer/failure-codes.ts'
export type { FailureData } from './consumer/failure-event.ts'
export { FORGET, scheduleForgetting } from './consumer/forget-timer.ts'
export {
  deferRecord,
  type Forwarder,
  type Forwarding,
  forwardRecord,
  type SourceRecord,
  skipRecord,
} from './consumer/forwarder.ts'
export type { Parking } from './consumer/parking.ts'
export {
  type Emission,
  type Key,
  type PartitionContext,
  type Rejected,
  reject,
  type TakeoverPlace,
  type Timer,
} from './consumer/process.ts'
export {
  confirmSegment,
  type Segment,
  type SegmentLimits,
  type SegmentSink,
  segmentName,
  type Written,
} from './consumer/segment-sink.ts'
export {
  confirmDelivery,
  type Delivered,
  type Delivery,
  type Digest,
  retry,
  type Sink,
  type SinkMemory,
} from './consumer/sink.ts'
export type { EventSchemas, StandardSchema } from './consumer/standard-schema.ts'
export * from './consumer/topic-name.ts'
export { computeDigest } from './pipeline/model/fingerprint.ts'
export * from './producer/index.ts'
