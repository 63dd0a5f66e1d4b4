/** Options and type of a Kafka-triggered handler. */
import type { Application, ConfiguredApplication } from '../consumer/application.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { SegmentSink } from '../consumer/segment-sink.ts'
import type { Sink } from '../consumer/sink.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import type { Consumer } from '../pipeline/consumer.ts'
import type { CombinedParts } from '../settings/read-settings.ts'
import type { Environment, Slice } from '../settings/slice.ts'

type Work<State, Data> = KeyedProcess<State, Data, unknown> | Sink<Data> | SegmentSink<Data>

/** A process or sink, or a function that creates it from its settings when the Lambda function starts. */
export type WorkSource<State, Data, Slices extends readonly Slice[]> =
  | Work<State, Data>
  | ((config: CombinedParts<Slices>) => Work<State, Data> | Promise<Work<State, Data>>)

/** Options of a handler. */
export interface Choices<Slices extends readonly Slice[]> {
  /** Settings to read in addition to the settings of every consumer. */
  readonly slices?: Slices
  /**
   * Creates a reader for foreign records from the settings, which replaces the application's `readForeign`.
   * Resolves to undefined if the application's reader is sufficient.
   */
  readonly foreignReader?: (config: CombinedParts<Slices>) => Promise<Application['readForeign']>
  /** Topic for failure records; by default, the application's failures topic. */
  readonly failuresTo?: TopicName
  /**
   * Minimum remaining time of the invocation at which a chunk, or a call of a sink, may begin, in
   * milliseconds; 3,000 by default. Increase it for a sink whose calls can take longer.
   */
  readonly reserveMs?: number
  /**
   * Returns the version of the deployed code. The circuit breaker defers batches per version, so a new
   * version is tried again. By default CODE_VERSION or, if it is not set, a hash of the file that contains
   * this module, which is correct if each function is bundled separately.
   */
  readonly codeVersion?: () => string
}

/** Part of Lambda's context that a handler uses. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number
}

/** A schedule-triggered handler. */
export interface ScheduledHandler {
  /**
   * Runs the function.
   *
   * @param event event of the schedule. `time` (RFC 3339) is the time at which the schedule fired; by default, the current time.
   */
  (event: { readonly time?: string }, context: InvocationContext): Promise<object>
  /** Does the initialization that is needed once per cold start. Rejects if the function cannot run. */
  readonly start: () => Promise<unknown>
}

/** A handler for an event source mapping. */
export interface KafkaHandler {
  (event: KafkaEvent, context: InvocationContext): Promise<BatchResponse>
  readonly application: Application | ConfiguredApplication
  /** Does the initialization that is needed once per cold start. Rejects if the function cannot run; the next call tries again. */
  readonly start: () => Promise<unknown>
  /**
   * Returns the consumer as it would run with these settings, without connecting to Kafka or Redis. Used by
   * commands that run the same code.
   *
   * @throws ConfigError that names every missing or invalid setting; Unavailable if a registry is needed and
   *   does not respond
   */
  readonly consumer: (environment: Environment) => Promise<Consumer>
}
