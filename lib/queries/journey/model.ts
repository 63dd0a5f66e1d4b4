/** Defines the types for the path of an event through the system: the facts that are known, and the path derived from them. */
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../../packages/runtime/consumer/failure-codes.ts'
import type { RecordOutcome } from '../../../packages/runtime/pipeline/model.ts'

/** Position of a record in the log. */
export interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Attributes that identify an event. */
export type EventName = Pick<Event, 'id' | 'source' | 'type' | 'subject'>

/** Report of a consumer about one decision, see docs/observability.md#spans. */
export interface DecisionSpan {
  readonly kind: 'record' | 'timer'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly consumer: string
  /** Topic of the record; undefined for a timer. */
  readonly topic: string | undefined
  readonly partition: number
  readonly offset: number
  readonly outcome: string
  readonly reason: string
  /** Failure code of the decision. */
  readonly code: string | undefined
  /** Name of the timer that fired. */
  readonly timer: string | undefined
  /** Event in the record; undefined for a timer, and for a record without an event. */
  readonly event: EventName | undefined
  /** Start of the decision, in milliseconds since the epoch. `toMs` is the end. */
  readonly fromMs: number
  readonly toMs: number
}

/** Report of a consumer about an event that it emitted. */
export interface EmissionSpan {
  readonly kind: 'emission'
  readonly traceId: string
  readonly spanId: string
  /** Span id of the decision that emitted the event. */
  readonly parentSpanId: string
  readonly topic: string
  readonly event: EventName
  readonly toMs: number
}

export type ToldSpan = DecisionSpan | EmissionSpan

/** Record read from the log, with its event. */
export interface FoundRecord {
  readonly record: LogRecord
  readonly event: Event | Failure
}

/** Progress of a consumer in the partition of a record. */
export interface Position {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
  /** Last applied offset; -1 if no record has been applied. */
  readonly appliedOffset: number
}

/** Function with the Kafka names of the topics that it reads. */
export interface ReadingFunction {
  readonly name: string
  readonly consumes: readonly string[]
  readonly emits: readonly string[]
}

/** Facts from which a path is derived. */
export interface JourneyFacts {
  readonly spans: readonly ToldSpan[]
  readonly records: readonly FoundRecord[]
  readonly positions: readonly Position[]
  readonly functions: readonly ReadingFunction[]
}

/** Event on a path, with the decisions that consumers made about it. */
export interface EventStep {
  /** Key of the step, unique within the path. */
  readonly key: string
  /** Attributes of the event; undefined if the record does not contain an event. */
  readonly event: EventName | undefined
  /** Reason why the record does not contain an event. */
  readonly failure?: { readonly code: string; readonly message: string }
  /** Positions of the event in the log; empty if unknown. There are several if the event was sent repeatedly or redriven. */
  readonly places: readonly PlaceInLog[]
  /** Kafka name of the event's topic; undefined if unknown. */
  readonly topic: string | undefined
  /** Event time, RFC 3339, unchanged from the producer. */
  readonly time?: string
  /** Time at which the event was emitted, in milliseconds since the epoch; undefined if no consumer reported it. */
  readonly emittedAtMs: number | undefined
  /** Data of the event; undefined if the record was not read. */
  readonly data?: unknown
  /** Size of the data in bytes. Present only if the data is too large to show. */
  readonly largeBytes?: number
  readonly traceId?: string
  readonly decisions: readonly DecisionStep[]
}

export interface PlaceInLog extends RecordPosition {
  /** Time at which the record was written, in milliseconds since the epoch; undefined if the record was not read. */
  readonly writtenAtMs: number | undefined
  /** Consumer for which the record was redriven. */
  readonly redrivenFor?: string
}

export interface DecisionStep {
  readonly key: string
  readonly consumer: string
  readonly place: RecordPosition | undefined
  /**
   * Outcome of the decision:
   * - an outcome of a record, or `timer`;
   * - `decided`: the consumer has processed the record, but the outcome is unknown;
   * - `waiting`: the consumer has not processed the record yet.
   */
  readonly outcome: RecordOutcome | `parked-${string}` | 'timer' | 'decided' | 'waiting' | (string & {})
  readonly reason: string | undefined
  /** Sentence that explains the reason, if available. */
  readonly why: string | undefined
  /** Failure code of the decision. */
  readonly code: string | undefined
  readonly timer: string | undefined
  /** Start of the decision, in milliseconds since the epoch; undefined if the consumer did not report it. `toMs` is the end. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Source of the information: a report of the consumer, an event that it emitted, or its position. */
  readonly knownBy: 'span' | 'emission' | 'position'
  /** Number of offsets that the consumer must process before this record. Present only for `waiting`. */
  readonly behind?: number
  readonly emitted: readonly EventStep[]
  /** Timers that were set by the decision and have fired. */
  readonly timers: readonly DecisionStep[]
}

/** Outcome of a path, worst first. */
export type JourneyEnd =
  | 'dead-letter'
  | 'retrying'
  | 'failed'
  | 'told'
  | 'alert'
  | 'waiting'
  | 'emitted'
  | 'remembered'
  | 'unknown'

export interface Journey {
  /** Events at which the path starts, as far as they are known. */
  readonly roots: readonly EventStep[]
  /** Number of starting events that are omitted because there are too many. */
  readonly leftOut: number
  readonly end: JourneyEnd
  /** Number of events on the path. `decisions` is the number of decisions. */
  readonly events: number
  readonly decisions: number
  /** Time of the first known step, in milliseconds since the epoch. `toMs` is the time of the last known step. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}
