import type { TopicName } from './declared.ts'
import type { Received } from './event.ts'
import type { Parking } from './parking.ts'

/**
 * A consumer with state. A process is a pure function of state and event: it reads no clock and no
 * environment, and does no I/O. The runtime passes it each event once and in order, stores its state, and
 * publishes its emissions. Offsets, retries and stores are hidden from the process.
 */
export interface KeyedProcess<State, Data = unknown, Context = void> {
  /**
   * Name of the process: consumer group, prefix in Redis and dimension of the metrics. A renamed process starts without any state.
   */
  readonly name: string
  /**
   * Event types to process; events of other types are acknowledged as `not-mine`. The list may include the application's
   * `tickType`: a tick is an event of the entity with its source and subject, its `timeMs` is the time of its record, and its id is
   * not remembered. A step with the reason `tick` counts as ignored, as in processes that do not accept ticks.
   */
  readonly accepts: readonly string[]
  /**
   * Version of the state's format: an integer, 1 by default. Increase it if new code would misread states
   * that old code has stored; `migrate` is then required.
   */
  readonly version?: number
  /** Converts a state stored by an older `version` of the code to the current format. Must be pure, like a step. */
  migrate?(old: unknown, version: number): State
  /**
   * Time that a timer waits after it is due, in milliseconds of the log's clock, so that events which
   * happened before it can arrive; 0 by default.
   */
  readonly allowedLatenessMs?: number
  /**
   * Returns true if timers of this name fire only once the log's clock has passed them. Any other timer also
   * fires when an event of its entity is later than its due time, regardless of the log's clock. Use it for
   * timers that detect silence, because time in which the log itself was stopped must not count.
   */
  awaitsLog?(timer: string): boolean
  /**
   * Preserves the order of an entity while one of its events is retried: later events wait, within limits, and the entity's timers
   * do not fire. If absent, later events do not wait. `{}` selects the default limits. The topics of the process need ticks;
   * without them, parked events wait for the next record of their partition.
   */
  readonly parking?: Parking
  /**
   * Set if only other functions write to its topics. Its entities are then bounded by theirs and need no
   * limit; otherwise a burst of alerts could be refused.
   */
  readonly trustsProducers?: true
  /** Context that all entities of a partition share. */
  readonly context?: PartitionContext<Context>
  /**
   * Handles an event. `state` is the state that this entity's last step returned; undefined at first. It must
   * be serializable as JSON.
   */
  onEvent(state: State | undefined, event: Received<Data>, context: Context): Step<State>
  /** Called when the log has passed a timer that a step has set. */
  onTimer?(state: State, timer: Timer, context: Context): Step<State>
  /**
   * Called when an operator erases an entity that has a state. Returns final emissions, such as the end of an alert. The state and
   * the timers are removed regardless of what it returns or throws. If absent, an erasure emits nothing.
   *
   * @param erasure erasure event, with the `source` and `subject` of the entity and data of the application
   */
  onErase?(state: State, erasure: Received, context: Context): readonly Emission[]
  /**
   * Called for an entity when a state rebuilt from the log replaces a different live one. Emissions of the rebuild were dropped, so
   * this is the only place to emit the difference, such as alerts that end or begin. It may be called several times before the
   * switch, the last time with the final states. Pure. If absent, the rebuilt state is used unchanged, without emissions.
   */
  onTakeover?(live: State | undefined, rebuilt: State | undefined, at: TakeoverPlace): Takeover<State>
}

/**
 * Entity whose state is taken over, and the time of the takeover: the append time of the last record that both states have seen.
 */
export interface TakeoverPlace {
  readonly entity: string
  readonly source: string
  readonly subject?: string
  readonly timeMs: number
}

export interface Takeover<State> {
  /** New state of the entity. Ignored if the entity does not exist in the rebuilt state. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
}

/**
 * Data that all entities of a partition share, such as alert rules. It is set by events of one or more types:
 * steps before such an event receive the previous context, steps after it the new one. If such an event
 * cannot be read, its record fails and the context does not change.
 */
export interface PartitionContext<Context> {
  /** Types of the events that set the context. The process must not accept any of them. */
  readonly setBy: string | readonly string[]
  /** Context of a partition before its first such event. */
  readonly initial: Context
  /**
   * Returns the data of the context after an event, if it depends on the previous data. The result is stored, and passed to `read`.
   * If absent, the event's own data is stored. Pure; the result must be serializable as JSON, and `previous` must not be modified.
   *
   * @param previous data before this event; undefined before the first such event
   */
  fold?(previous: unknown, event: Pick<Received, 'type' | 'data' | 'timeMs'>): unknown
  /**
   * Converts the stored data to a context. Must depend on the data alone. The result is cached and shared by
   * all steps, which must not modify it.
   */
  read(data: unknown): ContextRead<Context> | Rejected
  /** Reasons that are reported for such an event, depending on whether it changes the context or repeats it. */
  readonly reasons: { readonly changed: string; readonly unchanged: string }
}

interface ContextRead<Context> {
  readonly kind: 'context'
  readonly context: Context
}

/** A timer that fires. The current time of its step is `dueMs`, not the time of a clock. */
export interface Timer {
  /** Name of the timer, which is unique within the entity. */
  readonly name: string
  /** Due time as event time, in milliseconds since the epoch. */
  readonly dueMs: number
  readonly entity: string
  readonly source: string
  /** Absent if the entity's events have no subject or an empty one. */
  readonly subject?: string
}

/** Sets or moves the entity's timer of this name. Without `dueMs`, cancels it. */
export interface TimerChange {
  readonly name: string
  /** Must be later than the event's `timeMs`, or later than the due time of the timer that fires. */
  readonly dueMs?: number
}

/** Returns the types of the events that set a context. */
export function contextTypes({ setBy }: Pick<PartitionContext<unknown>, 'setBy'>): readonly string[] {
  return [setBy].flat()
}

/** Decision of a process about one event, with the reason. */
export type Step<State> = Decided<State> | Rejected

/** Result of `decided()`. */
export interface Decided<State> {
  readonly kind: 'decided'
  /** New state of the entity; undefined removes the entity and its timers. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
  readonly timers: readonly TimerChange[]
  /** A stable word for logs, metrics and tests, such as `fired`, `late` or `unchanged`. */
  readonly reason: string
}

/**
 * Result of `rejected()`: the event can never be processed. It is sent to the failures topic, and the state
 * of its entity does not change.
 */
export interface Rejected {
  readonly kind: 'rejected'
  readonly why: string
  readonly safeMessage?: string
}

/** An event that a step publishes. The runtime adds the id, time, sequence and trace context. */
export interface Emission {
  /** Name of the emission, unique within its step. It is part of the id, so it must depend only on state and event. */
  readonly name: string
  readonly to: TopicName
  readonly key: Key
  readonly type: string
  readonly source: string
  readonly subject?: string
  readonly dataschema?: string
  readonly data: unknown
  /**
   * Omits `time`, so that the time of the event is that of its record. For consumers whose timers count from
   * the arrival of an event in their topic, regardless of when its cause happened.
   */
  readonly untimed?: true
  /** Appends the event to every partition of the topic, regardless of its key. For events that set a context. */
  readonly everyPartition?: true
  /**
   * Appends the event to this partition of the topic, regardless of its key. If the topic does not have the
   * partition, the emission fails.
   */
  readonly partition?: number
}

/** Key of a record: text, arbitrary bytes, or null for none. */
export type Key = string | { readonly base64: string } | null

/** Returns the result of a step. If the state is undefined, the entity is removed. */
export function decided(
  reason: string,
  state: undefined,
  emit?: readonly Emission[],
  timers?: readonly TimerChange[],
): Decided<never>
export function decided<State>(
  reason: string,
  state: State | undefined,
  emit?: readonly Emission[],
  timers?: readonly TimerChange[],
): Decided<State>
export function decided<State>(
  reason: string,
  state: State | undefined,
  emit: readonly Emission[] = [],
  timers: readonly TimerChange[] = [],
): Decided<State> {
  return { kind: 'decided', reason, state, emit, timers }
}

/**
 * Returns the result for an event that can never be processed.
 *
 * @param why message for operators, which becomes part of the failure
 * @param safeMessage message for logs; must not contain data of the event
 */
export function rejected(why: string, safeMessage?: string): Rejected {
  return { kind: 'rejected', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
