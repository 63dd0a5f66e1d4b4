import type { TopicName } from './declared.ts'
import type { Received } from './event.ts'
import type { Parking } from './parking.ts'

/**
 * A consumer with state. A process is a pure function of state and event: it reads no clock and no environment,
 * and does no I/O. The runtime passes it each event once and in order, keeps its state, and publishes what it emits. The process
 * knows nothing of offsets, retries or stores.
 */
export interface KeyedProcess<State, Data = unknown, Context = void> {
  /** Consumer group, prefix in Redis and dimension of the metrics. A renamed process starts without any state. */
  readonly name: string
  /**
   * Processed event types; any other is acknowledged as `not-mine`. The application's `tickType` may be one of them: a tick is an
   * event of the entity of its source and subject, its `timeMs` is the time of its record, and its id is not remembered. A step
   * with the reason `tick` counts as ignored, as for processes that do not accept ticks.
   */
  readonly accepts: readonly string[]
  /**
   * Version of the state's format: a whole number, 1 by default. Raise it when new code would misread the state that old code
   * stored; `migrate` is then required.
   */
  readonly version?: number
  /** Converts a state that an older `version` of the code has stored to the format of this one. Pure, as a step is. */
  migrate?(old: unknown, version: number): State
  /** How long a timer waits after it is due, on the log's clock, for events that happened before it; 0 by default. */
  readonly allowedLatenessMs?: number
  /**
   * Whether a timer of this name fires only once the log's clock has passed it. Any other timer also fires when an event of its
   * entity is later than it is due, however little the log's clock has advanced. For timers of silence: time in which the log
   * itself had stopped must not count.
   */
  awaitsLog?(timer: string): boolean
  /**
   * Keeps the order of an entity of which an event is retried: later events of it wait, within bounds. Absent: they do not wait.
   * `{}` takes the default bounds. Until then, the timers of the entity do not fire. Its topics need ticks: without them, events wait
   * for the next record of their partition.
   */
  readonly parking?: Parking
  /**
   * Only other functions write its topics. Its entities follow from theirs, which are bounded, so they need no bound of their own: a storm of alerts
   * must not be refused.
   */
  readonly trustsProducers?: true
  /** Common context of all entities of a partition. */
  readonly context?: PartitionContext<Context>
  /** `state` is what this entity's last step returned; undefined at first. It must survive JSON. */
  onEvent(state: State | undefined, event: Received<Data>, context: Context): Step<State>
  /** Called when the log has moved past a timer that a step has set. */
  onTimer?(state: State, timer: Timer, context: Context): Step<State>
  /**
   * Called when an operator erases an entity that has a state. Returns what must be emitted as the last of it, such as the end of
   * an alert. Whatever it returns or throws, the state and the timers are removed. Without it, an erasure emits nothing.
   *
   * @param erasure its `source` and `subject` are those of the entity; its data is the application's
   */
  onErase?(state: State, erasure: Received, context: Context): readonly Emission[]
  /**
   * Called for an entity when a state rebuilt from the log replaces a different live one. Emissions of the rebuild were dropped,
   * so this is the only place to emit the difference: for alerting, alerts that end and begin. It may be called several times
   * before the switch, the last time with the final states. Pure. Without it, the rebuilt state is taken as it is, without
   * emissions.
   */
  onTakeover?(live: State | undefined, rebuilt: State | undefined, at: TakeoverPlace): Takeover<State>
}

/** The entity whose state is taken over, and when: the append time of the last record that both states have seen. */
export interface TakeoverPlace {
  readonly entity: string
  readonly source: string
  readonly subject?: string
  readonly timeMs: number
}

export interface Takeover<State> {
  /** The state that the entity then has. Ignored if the rebuilt state has no such entity. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
}

/**
 * Data that all entities of a partition share, such as alert rules. Events of one type or of several set it: steps before such
 * an event get the previous context, steps after it get the new one. If such an event cannot be read, its record fails and the
 * context does not change.
 */
export interface PartitionContext<Context> {
  /** Types of the events that set it; none may be a type that the process accepts. */
  readonly setBy: string | readonly string[]
  /** The context of a partition before its first such event. */
  readonly initial: Context
  /**
   * The data of the context after an event, where that depends on what was set before: what is returned is stored, and `read`
   * reads it. Without it, the event's own data is. Pure; must survive JSON, and must not change `previous`.
   *
   * @param previous undefined before the first such event
   */
  fold?(previous: unknown, event: Pick<Received, 'type' | 'data' | 'timeMs'>): unknown
  /** Depends on the data alone. The result is kept and shared by all steps, which must not change it. */
  read(data: unknown): ContextRead<Context> | Rejected
  /** The reason that is reported for such an event, depending on whether it changes the context or repeats it. */
  readonly reasons: { readonly changed: string; readonly unchanged: string }
}

interface ContextRead<Context> {
  readonly kind: 'context'
  readonly context: Context
}

/** A timer that fires. The current time of its step is `dueMs`, and not the time of any clock. */
export interface Timer {
  /** Tells the timers of one entity apart. */
  readonly name: string
  /** Event time, in milliseconds since the epoch. */
  readonly dueMs: number
  readonly entity: string
  readonly source: string
  /** Missing if the entity's events have no subject or an empty one. */
  readonly subject?: string
}

/** Sets or moves the entity's timer with this name; without `dueMs`, cancels it. */
export interface TimerChange {
  readonly name: string
  /** Must be later than the event's `timeMs`, or later than the timer that fires. */
  readonly dueMs?: number
}

/** The types of the events that set a context. */
export function contextTypes({ setBy }: Pick<PartitionContext<unknown>, 'setBy'>): readonly string[] {
  return [setBy].flat()
}

/** Decision of a process about one event, with the reason. */
export type Step<State> = Decided<State> | Rejected

/** Made by `decided()`. */
export interface Decided<State> {
  readonly kind: 'decided'
  /** The entity's new state; undefined forgets the entity and its timers. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
  readonly timers: readonly TimerChange[]
  /** A stable word for logs, metrics and tests: `fired`, `late`, `unchanged`. */
  readonly reason: string
}

/** Made by `rejected()`: the event can never be processed. It goes to the failures topic; its entity's state does not change. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly why: string
  readonly safeMessage?: string
}

/** An event that a step publishes. The runtime adds id, time, sequence and trace. */
export interface Emission {
  /** Tells the emissions of one step apart. It is part of the id, so it must depend only on state and event. */
  readonly name: string
  readonly to: TopicName
  readonly key: Key
  readonly type: string
  readonly source: string
  readonly subject?: string
  readonly dataschema?: string
  readonly data: unknown
  /**
   * Leaves `time` out, so that the event's time is that of its record: for consumers whose timers wait from when an event reached
   * their topic, however long ago its cause happened.
   */
  readonly untimed?: true
  /** Appends it to every partition that the topic has, whatever its key: for an event that sets a context. */
  readonly everyPartition?: true
  /** Appends it to this partition of the topic, whatever its key. A partition that the topic does not have fails the emission. */
  readonly partition?: number
}

/** A record key: text, arbitrary bytes, or none. */
export type Key = string | { readonly base64: string } | null

/** The result of a step. Without a state, the entity is forgotten. */
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
 * Says that the event can never be processed.
 *
 * @param why for people; it becomes part of the failure
 * @param safeMessage the text that may be logged, because it has no part of the event
 */
export function rejected(why: string, safeMessage?: string): Rejected {
  return { kind: 'rejected', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
