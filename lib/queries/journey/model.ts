/** Types for the path of one event through the system: the known facts, and the path derived from them. */
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

/** Consumer's report of one decision, see docs/observability.md#spans. */
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
  /** Failure code. */
  readonly code: string | undefined
  /** Name of the timer that fired. */
  readonly timer: string | undefined
  /** Event of the record; undefined for a timer, and for a record without an event. */
  readonly event: EventName | undefined
  /** Start of the decision, in milliseconds since the epoch. `toMs` is its end. */
  readonly fromMs: number
  readonly toMs: number
}

/** Consumer's report of an emitted event. */
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

/** Record that was read from the log, with its event. */
export interface FoundRecord {
  readonly record: LogRecord
  readonly event: Event | Failure
}

/** Progress of a consumer in the partition of a record. */
export interface Position {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
  /** Last applied offset; -1 before the first one. */
  readonly appliedOffset: number
}

/** Function that reads topics, with their Kafka names. */
export interface ReadingFunction {
  readonly name: string
  readonly consumes: readonly string[]
  readonly emits: readonly string[]
}

/** Facts from which a path is built. */
export interface JourneyFacts {
  readonly spans: readonly ToldSpan[]
  readonly records: readonly FoundRecord[]
  readonly positions: readonly Position[]
  readonly functions: readonly ReadingFunction[]
}

/** Event of a path, with the decisions of consumers about it. */
export interface EventStep {
  /** Key that is unique within the path. */
  readonly key: string
  /** Attributes of the event; undefined if the record has no event. */
  readonly event: EventName | undefined
  /** Reason why the record has no event. */
  readonly failure?: { readonly code: string; readonly message: string }
  /** Positions of the event; empty if unknown. An event has several positions if it was sent repeatedly or redriven. */
  readonly places: readonly PlaceInLog[]
  /** Kafka name of the topic; undefined if unknown. */
  readonly topic: string | undefined
  /** Event time, RFC 3339, unchanged from the producer. */
  readonly time?: string
  /** Time of emission, in milliseconds since the epoch; undefined without a report. */
  readonly emittedAtMs: number | undefined
  /** Data of the event; undefined if the record was not read. */
  readonly data?: unknown
  /** Size of the data in bytes, if it is too large to be shown. */
  readonly largeBytes?: number
  readonly traceId?: string
  readonly decisions: readonly DecisionStep[]
}

export interface PlaceInLog extends RecordPosition {
  /** Time at which the record was written, in milliseconds since the epoch; undefined if the record was not read. */
  readonly writtenAtMs: number | undefined
  /** Consumer for which a redrive has returned the record. */
  readonly redrivenFor?: string
}

export interface DecisionStep {
  readonly key: string
  readonly consumer: string
  readonly place: RecordPosition | undefined
  /**
   * Outcome of the decision:
   * - one of a record's outcomes, or `timer`;
   * - `decided`: the consumer has processed the record, with an unknown outcome;
   * - `waiting`: the consumer has not processed the record yet.
   */
  readonly outcome: RecordOutcome | `parked-${string}` | 'timer' | 'decided' | 'waiting' | (string & {})
  readonly reason: string | undefined
  /** Reason as a sentence, if available. */
  readonly why: string | undefined
  /** Failure code. */
  readonly code: string | undefined
  readonly timer: string | undefined
  /** Start of the decision, in milliseconds since the epoch; undefined without a report of the consumer. `toMs` is its end. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Source of the information: a report of the consumer, its emissions, or its position. */
  readonly knownBy: 'span' | 'emission' | 'position'
  /** Number of offsets that the consumer must process before the record. Present only for `waiting`. */
  readonly behind?: number
  readonly emitted: readonly EventStep[]
  /** Timers that the decision set and that have fired since. */
  readonly timers: readonly DecisionStep[]
}

/** Outcome of a journey, the worst first. */
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
  /** Events at which the path starts, as far as known. */
  readonly roots: readonly EventStep[]
  /** Number of starting events that are omitted, because the trace has too many. */
  readonly leftOut: number
  readonly end: JourneyEnd
  /** Number of events in the path. `decisions` is the number of decisions. */
  readonly events: number
  readonly decisions: number
  /** Time of the first known step, in milliseconds since the epoch. `toMs` is that of the last. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}
