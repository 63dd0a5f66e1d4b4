/** One event through the system: what is known of it, and the path that follows from that. Only types. */
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../../packages/runtime/consumer/failure-codes.ts'
import type { RecordOutcome } from '../../../packages/runtime/pipeline/model.ts'

/** A place in the log. */
export interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The attributes of an event by which it is known. */
export type EventName = Pick<Event, 'id' | 'source' | 'type' | 'subject'>

/** A consumer's report of one decision, see docs/observability.md#spans. */
export interface DecisionSpan {
  readonly kind: 'record' | 'timer'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly consumer: string
  /** Undefined for a timer. */
  readonly topic: string | undefined
  readonly partition: number
  readonly offset: number
  readonly outcome: string
  readonly reason: string
  /** Code of a failure. */
  readonly code: string | undefined
  /** The name of the timer that fired. */
  readonly timer: string | undefined
  /** Undefined for a timer, and for a record that carries no event. */
  readonly event: EventName | undefined
  /** Milliseconds since the epoch. */
  readonly fromMs: number
  readonly toMs: number
}

/** A consumer's report of an emitted event. */
export interface EmissionSpan {
  readonly kind: 'emission'
  readonly traceId: string
  readonly spanId: string
  /** The decision that brought it about. */
  readonly parentSpanId: string
  readonly topic: string
  readonly event: EventName
  readonly toMs: number
}

export type ToldSpan = DecisionSpan | EmissionSpan

/** A record that was read from the log, with the event in it. */
export interface FoundRecord {
  readonly record: LogRecord
  readonly event: Event | Failure
}

/** Progress of a consumer in the partition of a record. */
export interface Position {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
  /** Last applied offset; -1 before the first. */
  readonly appliedOffset: number
}

/** A function that reads topics, all by their names in Kafka. */
export interface ReadingFunction {
  readonly name: string
  readonly consumes: readonly string[]
  readonly emits: readonly string[]
}

/** Everything from which a path is drawn. */
export interface JourneyFacts {
  readonly spans: readonly ToldSpan[]
  readonly records: readonly FoundRecord[]
  readonly positions: readonly Position[]
  readonly functions: readonly ReadingFunction[]
}

/** An event on its way, and what consumers made of it. */
export interface EventStep {
  /** Tells it apart from all others of the path. */
  readonly key: string
  /** Undefined if the record carries no event. */
  readonly event: EventName | undefined
  /** Why the record carries no event. */
  readonly failure?: { readonly code: string; readonly message: string }
  /** Its places; empty if they are not known. An event has several if it was sent or redriven again. */
  readonly places: readonly PlaceInLog[]
  /** The topic by its name in Kafka; undefined if it is not known. */
  readonly topic: string | undefined
  /** Event time, RFC 3339, unchanged from the producer. */
  readonly time?: string
  /** Time of emission, in milliseconds since the epoch; undefined without a report. */
  readonly emittedAtMs: number | undefined
  /** Undefined if the record was not read. */
  readonly data?: unknown
  /** Size of data that are too large to show here, in bytes. */
  readonly largeBytes?: number
  readonly traceId?: string
  readonly decisions: readonly DecisionStep[]
}

export interface PlaceInLog extends RecordPosition {
  /** When the record was written, in milliseconds since the epoch; undefined if it was not read. */
  readonly writtenAtMs: number | undefined
  /** The consumer that a redrive has brought the record back for. */
  readonly redrivenFor?: string
}

export interface DecisionStep {
  readonly key: string
  readonly consumer: string
  readonly place: RecordPosition | undefined
  /**
   * - one of a record's outcomes, or `timer`;
   * - `decided`: the state is past the record, and how it ended is not known;
   * - `waiting`: the consumer has not come to the record yet.
   */
  readonly outcome: RecordOutcome | `parked-${string}` | 'timer' | 'decided' | 'waiting' | (string & {})
  readonly reason: string | undefined
  /** The reason as a sentence, where there is one. */
  readonly why: string | undefined
  /** Code of a failure. */
  readonly code: string | undefined
  readonly timer: string | undefined
  /** Milliseconds since the epoch; undefined without a report of the consumer. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Source of the knowledge: a report of the consumer, its emissions, or its position. */
  readonly knownBy: 'span' | 'emission' | 'position'
  /** Number of offsets before the record; only if it waits. */
  readonly behind?: number
  readonly emitted: readonly EventStep[]
  /** Timers that it set and that have fired since. */
  readonly timers: readonly DecisionStep[]
}

/** The farthest that came of an event, the worst first. */
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
  /** Known beginnings. */
  readonly roots: readonly EventStep[]
  /** How many beginnings are left out, because a trace has more than one can look at. */
  readonly leftOut: number
  readonly end: JourneyEnd
  /** How many events and decisions there are. */
  readonly events: number
  readonly decisions: number
  /** Time from the first to the last known step, in milliseconds since the epoch. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
}
