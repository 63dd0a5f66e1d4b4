import type { Event, Received } from './event.ts'
import type { Parking } from './parking.ts'
import type { TopicName } from './topic-name.ts'

/**
 * A consumer with state, as the engine runs it. `defineProcess` makes one from handlers, whose rules are those of `ProcessHandlers`. The
 * engine passes it each event once and in order, stores its state, and publishes its emissions.
 */
export interface KeyedProcess<State, Data = unknown, Context = void> {
  readonly name: string
  /** Types of all events that the process handles. */
  readonly accepts: readonly string[]
  /**
   * Version of the state's format: an integer, 1 by default. It must be increased if new code would misread the states that old
   * code has stored; `migrate` is then required.
   */
  readonly version?: number
  /** Converts a state stored by an older `version` of the code to the current format. Must be pure, like a step. */
  migrate?(old: unknown, version: number): State
  /**
   * Time for which a due timer still waits, in milliseconds of the log's clock; 0 by default. Events earlier than the due time can
   * arrive in that time.
   */
  readonly allowedLatenessMs?: number
  /** Returns true if timers of this name fire only after the log's clock has passed them. */
  awaitsLog?(timer: string): boolean
  /**
   * Preserves the order of an entity's events while one of them is retried: later events wait, within limits, and the timers of the
   * entity do not fire. `{}` selects the default limits. If absent, later events do not wait. The topics of the process need ticks,
   * because otherwise parked events would wait for the next record of their partition.
   */
  readonly parking?: Parking
  /**
   * Set if only trusted functions write to the topics of the process. The number of its entities is then limited by the entities of
   * those functions, and needs no limit of its own. With a limit, a burst of alerts could be refused.
   */
  readonly trustsProducers?: true
  /**
   * Set if the topics of the process belong to other applications. Their timestamps come from any clock, so the log's clock counts
   * records instead: the process must not have timers, and the window of ids is a number of records. A topic that is created again
   * is read from its start as a new log. `ForeignRecord.log` contains the identity of the log.
   */
  readonly foreignLogs?: true
  /**
   * Set if no handler changes the object of a state, neither the one that it is given nor one that it has returned. The engine then
   * passes what a step has returned to the next step, in place of a copy read from JSON. A test with the kit fails at a change.
   */
  readonly neverChangesState?: true
  /** Context that all entities of a partition share. */
  readonly context?: PartitionContext<Context>
  onEvent(state: State | undefined, event: Received<Data>, context: Context): StepResult<State>
  onTimer?(state: State, timer: Timer, context: Context): StepResult<State>
  onTakeover?(live: State | undefined, rebuilt: State | undefined, at: TakeoverPlace): Takeover<State>
}

/**
 * Entity whose state is replaced, and the time of the switch. The time is the append time of the last record that both states have
 * processed.
 */
export interface TakeoverPlace {
  readonly entity: string
  readonly source: string
  readonly subject?: string
  readonly timeMs: number
}

interface Takeover<State> {
  /** New state of the entity. It is ignored if the rebuilt state does not contain the entity. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
}

/**
 * Data that all entities of a partition share, such as alert rules. It is set by events of certain types: steps before such an
 * event receive the previous context, and steps after it receive the new one. If the event cannot be read, its record fails and the
 * context does not change.
 */
export interface PartitionContext<Context> {
  /** Types of the events that set the context; by default, only steps set it. They reach no handler. */
  readonly setBy?: string | readonly string[]
  /** Context of a partition before the first event that sets one. */
  readonly initial: Context
  /**
   * Computes the stored data from the previous data and an event. Needed only if the new data depends on the previous data; by
   * default, the data of the event is stored. The result is passed to `read`, and must be serializable as JSON. Must be pure and
   * must not modify `previous`.
   *
   * @param previous stored data before this event; undefined before the first such event
   */
  fold?(previous: unknown, event: Pick<Received, 'type' | 'data' | 'timeMs'>): unknown
  /**
   * Converts the stored data to a context. The result must depend only on the data. It is cached and passed to all steps, which
   * must not modify it.
   *
   * @throws PermanentError if the data is invalid: the event that sets it is then rejected
   */
  read(data: unknown): Context
  /** Reasons for decisions about these events, by default `context-changed` and, for the same context again, `context-unchanged`. */
  readonly reasons?: { readonly changed: string; readonly unchanged: string }
}

/** A timer that fires. The current time of its step is `dueMs`, not the time of any clock. */
export interface Timer {
  /** Name of the timer, which is unique within the entity. */
  readonly name: string
  /** Due time in event time, in milliseconds since the epoch. */
  readonly dueMs: number
  readonly entity: string
  readonly source: string
  /** Subject of the entity; absent if its events have no subject or an empty one. */
  readonly subject?: string
}

/** Change of a timer of the entity. With `dueMs`, the timer of this name is set or moved; without `dueMs`, it is cancelled. */
export interface TimerChange {
  readonly name: string
  /** Due time, which must be later than the `timeMs` of the event, or later than the due time of the timer that fires. */
  readonly dueMs?: number
}

/** Returns the types of the events that set a context. */
export function contextTypes({ setBy = [] }: Pick<PartitionContext<unknown>, 'setBy'>): readonly string[] {
  return typeof setBy === 'string' ? [setBy] : setBy
}

/** Decision of a process about one event or timer, with the reason. */
export type StepResult<State> = CompletedStep<State> | Rejected

/** Result of `completeStep()`. */
export interface CompletedStep<State> {
  readonly kind: 'decided'
  /** New state of the entity; undefined removes the entity and its timers. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
  readonly timers: readonly TimerChange[]
  /** Reason of the step, which should be a stable word for logs, metrics and tests, such as `fired`, `late` or `unchanged`. */
  readonly reason: string
  /** New stored data of the partition's context, which its `read` accepts; absent if the context does not change. */
  readonly context?: unknown
}

/**
 * Result of `reject()`. The event can never be processed. It becomes a failure record, and the state of its entity does not
 * change.
 */
export interface Rejected {
  readonly kind: 'rejected'
  readonly why: string
  readonly safeMessage?: string
}

/** An event that a step publishes. The runtime adds the id, sequence and trace context, and sets the time. */
export interface Emission {
  /** Name of the emission, unique within its step. It is part of the event's id, so it must depend only on state and event. */
  readonly name: string
  readonly to: TopicName
  readonly key: Key
  readonly type: string
  readonly source: string
  readonly subject?: string
  readonly dataschema?: string
  readonly data: unknown
  /**
   * True to omit `time`, so that the event time is the timestamp of the record. For consumers whose timers count from the arrival
   * of an event in their topic, regardless of the time of its cause.
   */
  readonly untimed?: true
  /** Event that the step passes on unchanged: the emission keeps this id and these extensions. At most one emission of a step. */
  readonly passesOn?: Pick<Event, 'id' | 'extensions'>
  /** True to append the event to every partition of the topic, regardless of its key. For events that set a context. */
  readonly everyPartition?: true
  /**
   * Partition of the topic to which the event is appended, regardless of its key. If the topic does not have this partition, the
   * emission fails.
   */
  readonly partition?: number
}

/** Key of a record: text, arbitrary bytes in base64, or null for no key. */
export type Key = string | { readonly base64: string } | null

/** Returns the result of a step. If the state is undefined, the entity is removed. */
export function completeStep<State>(
  reason: string,
  state: State | undefined,
  emit: readonly Emission[] = [],
  timers: readonly TimerChange[] = [],
): CompletedStep<State> {
  return { kind: 'decided', reason, state, emit, timers }
}

/**
 * Returns the result for an event that can never be processed.
 *
 * @param why message for operators, which becomes part of the failure
 * @param safeMessage message for logs; it must not contain data of the event
 */
export function reject(why: string, safeMessage?: string): Rejected {
  return { kind: 'rejected', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
