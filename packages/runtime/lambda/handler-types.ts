/** Options and type of a Kafka-triggered handler. */
import type { Application } from '../consumer/application.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { SegmentSink } from '../consumer/segment-sink.ts'
import type { Sink } from '../consumer/sink.ts'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import type { Consumer } from '../pipeline/consumer.ts'
import type { PartsOf } from '../settings/environment.ts'
import type { Environment, Slice } from '../settings/slice.ts'

type Work<State, Data> = KeyedProcess<State, Data, unknown> | Sink<Data> | SegmentSink<Data>

/** A process or a sink of either kind, or a function that makes it from its settings when the Lambda function starts. */
export type WorkSource<State, Data, Slices extends readonly Slice[]> =
  | Work<State, Data>
  | ((config: PartsOf<Slices>) => Work<State, Data> | Promise<Work<State, Data>>)

/** Options of a handler. */
export interface Choices<Slices extends readonly Slice[]> {
  /** The settings that it reads in addition to those of every consumer. */
  readonly slices?: Slices
  /**
   * Makes what reads foreign records, in place of the application's own `readForeign`, from the settings. It resolves to undefined where
   * the application's own is enough.
   */
  readonly foreignReader?: (config: PartsOf<Slices>) => Promise<Application['readForeign']>
  /** Where failure records go; the application's failures topic by default. */
  readonly failuresTo?: TopicName
  /**
   * A chunk, or a call of a sink, begins only if at least this much of the invocation's time is left, in milliseconds; 3,000 by
   * default. A sink whose calls can take longer than that needs more.
   */
  readonly reserveMs?: number
  /**
   * Identifies the deployed code: the circuit breaker defers batches of one version, and a new version is tried again. By default
   * CODE_VERSION, or else a hash of the file that contains this module: right where each function is bundled by itself.
   */
  readonly codeVersion?: () => string
}

/** The part of Lambda's context that a handler uses. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number
}

/** A handler of a schedule. */
export interface ScheduledHandler {
  /** @param event `time` (RFC 3339) is when the schedule fired; now, if it is absent */
  (event: { readonly time?: string }, context: InvocationContext): Promise<object>
  /** Does the work that is needed once per cold start. Rejects if the function cannot work. */
  readonly start: () => Promise<unknown>
}

/** A handler of an event source mapping. */
export interface KafkaHandler {
  (event: KafkaEvent, context: InvocationContext): Promise<BatchResponse>
  readonly application: Application
  /** Does the work that is needed once per cold start. Rejects if the function cannot work, and then tries again when called. */
  readonly start: () => Promise<unknown>
  /**
   * The consumer as it would run with these settings, without any connection to Kafka or Redis: for commands that run the same
   * code.
   *
   * @throws ConfigError naming every setting that is missing or wrong; Unavailable if it writes with a registry that does not answer
   */
  readonly consumer: (environment: Environment) => Promise<Consumer>
}
