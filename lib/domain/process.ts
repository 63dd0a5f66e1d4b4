/**
 * The shape of a consumer. A process is a pure function of state and event: it reads no clock, no environment, and
 * reaches for nothing outside. The runtime gives it each event once and in order, keeps its state, and publishes what
 * it emits; the process knows nothing of offsets, retries or stores.
 */
import type { Received } from './event.ts'
import type { Signal } from './topics.ts'

export interface KeyedProcess<State, Data = unknown> {
  /** Consumer group, prefix in Redis and dimension of the metrics. Renaming it starts it from nothing. */
  readonly name: string
  /** Event types it takes; any other is acknowledged as `not-mine`. */
  readonly accepts: readonly string[]
  /** How long after a timer is due, on the log's clock, events that happened before it may still come; 0 by default. */
  readonly allowedLatenessMs?: number
  /** `state` is what the last step of this entity returned; undefined at first. It must survive JSON. */
  onEvent(state: State | undefined, event: Received<Data>): Step<State>
  /** Called when the log has moved past a timer that a step has set. */
  onTimer?(state: State, timer: Timer): Step<State>
}

/** A timer that fires. Its time is `dueMs`: nobody knows, or needs to know, what time it is elsewhere. */
export interface Timer {
  /** Tells the timers of one entity apart. */
  readonly name: string
  /** Event time, in milliseconds since the epoch. */
  readonly dueMs: number
  readonly entity: string
  readonly source: string
  /** Absent where the entity's events have none, or an empty one. */
  readonly subject?: string
}

/** Sets the entity's timer of this name, or moves it there; without `dueMs`, cancels it. */
export interface TimerChange {
  readonly name: string
  /** Later than the event's `timeMs`, or than the timer that fires. */
  readonly dueMs?: number
}

/** What a process decided about one event, and why. */
export type Step<State> = Decided<State> | Rejected

export interface Decided<State> {
  /** The entity's state from now on; undefined forgets the entity, and its timers with it. */
  readonly state: State | undefined
  readonly emit: readonly Emission[]
  readonly timers: readonly TimerChange[]
  /** A stable word for logs, metrics and tests: `fired`, `late`, `unchanged`. */
  readonly reason: string
}

/** The event can never be processed: it goes to the failures topic, and its entity's state stays as it was. */
export interface Rejected {
  readonly rejected: string
}

/** An event to be published because of the one being processed. The runtime adds id, time, sequence and trace. */
export interface Emission {
  /** Tells the emissions of one step apart; part of the id, so it must follow from state and event alone. */
  readonly name: string
  readonly to: Signal
  readonly key: Key
  readonly type: string
  readonly source: string
  readonly subject?: string
  readonly dataschema?: string
  readonly data: unknown
}

/** A record key: text, bytes that need not be text, or none. */
export type Key = string | { readonly base64: string } | null

/** What a step decided. Without a state, the entity is forgotten. */
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
  return { reason, state, emit, timers }
}

export function rejected(why: string): Rejected {
  return { rejected: why }
}
