/** Defines a process by its handlers. The calls that a handler makes are collected into one step. */
import type { Application } from './application.ts'
import { ConfigError, PermanentError } from './author-errors.ts'
import { parseEntity, type Received } from './event.ts'
import {
  completeStep,
  contextTypes,
  type Emission,
  type KeyedProcess,
  type PartitionContext,
  reject,
  type StepResult,
  type TakeoverPlace,
  type Timer,
  type TimerChange,
} from './process.ts'
import type { TopicName } from './topic-name.ts'

/** A process together with its application. `kafkaHandler` and `ProcessKit` need no other argument. */
export interface AuthoredProcess<State> extends KeyedProcess<State, unknown, unknown> {
  readonly application: Application
}

/** An event as passed to a handler. Its data matches the schema of its type, if the application has one. */
export interface TypedEvent<Data, Type extends string = string> extends Received<Data> {
  readonly type: Type
  readonly data: Data
}

/** Optional attributes of an emission. By default, they are derived from the process and the entity. */
export interface EmitOptions
  extends Partial<Omit<Emission, 'name' | 'to' | 'data' | 'subject' | 'dataschema'>> {
  /** Null for an event without a subject. */
  readonly subject?: string | null
  readonly dataschema?: string | undefined
}

/**
 * The step that a handler takes: functions to call in addition to returning the state. Delays start at the time of the event, or at
 * the due time of the timer.
 */
export interface Step<Context = unknown, Topic extends string = TopicName> {
  /** Context of the partition, if the process has one. */
  readonly context: Context
  /**
   * Publishes an event and returns undefined. By default, the key and the subject of the event are the subject of the entity, or
   * its source if it has no subject. The default source is `/<process>`, and the default type is `<process>.<name>`.
   *
   * @param name name of the emission, which must be unique within the step; it is part of the event's id
   */
  emit(topic: Topic, name: string, data: unknown, options?: EmitOptions): undefined
  /** Sets or moves the entity's timer of this name. `onTimer` is called once the log's clock has passed the due time. */
  timer(name: string, afterMs: number): void
  /** Like `timer`, with the due time in milliseconds since the epoch, which must be later than the time of the step. */
  timerAt(name: string, dueMs: number): void
  /** Cancels the entity's timer of this name, if there is one. */
  cancel(name: string): void
  /** Sets the reason of the step, a stable word for logs, metrics and tests. The default is `processed`, or `fired` for a timer. */
  reason(word: string): void
  /** Sets the stored data of the partition's context, from which its `read` computes the context of all later steps. */
  setContext(data: unknown): void
  /**
   * Ends the step because the event can never be processed. The event becomes a failure record, and the state does not change.
   * Equivalent to throwing a `PermanentError`.
   *
   * @param why message for operators, which becomes part of the failure
   * @param safeMessage message for logs; it must not contain data of the event
   */
  reject(why: string, safeMessage?: string): never
}

/** Handles an event. Returns the next state of the entity, which JSON must represent; undefined removes the entity and its timers. */
export type EventHandler<State, Event, Context = void, Topic extends string = TopicName> = {
  // A method, so that a handler may name the data of its event type.
  handle(state: State | undefined, event: Event, step: Step<Context, Topic>): State | undefined
}['handle']

/** Handles a timer. Returns the next state of the entity, like `EventHandler`. */
export type TimerHandler<State, Context = void, Topic extends string = TopicName> = {
  handle(state: State, timer: Timer, step: Step<Context, Topic>): State | undefined
}['handle']

/** Handlers by event type. */
type AnyType<State, Data, Context> = Readonly<Record<string, EventHandler<State, TypedEvent<Data>, Context>>>

/**
 * Handlers of one kind of entities, for a process that consists of several parts: `on: { ...one.on, ...other.on }`. An entity belongs
 * to one part, which receives all its events and timers, and reads only states that it has returned itself.
 */
export interface ProcessPart<State, Context = void> {
  readonly on: AnyType<State, unknown, Context>
  readonly onTimer?: Readonly<Record<string, TimerHandler<State, Context>>>
}

/** Context that all entities of a partition share. A process has one if its handlers expect one. */
// biome-ignore lint/suspicious/noConfusingVoidType: the context of a process without one
type WithContext<Context> = [Context] extends [void]
  ? { readonly context?: PartitionContext<Context> }
  : { readonly context: PartitionContext<Context> }

/** Handlers of a process, and its settings. */
export type ProcessHandlers<
  State,
  Data = unknown,
  Context = void,
  ByType = AnyType<State, Data, Context>,
  Topic extends string = TopicName,
> = Handlers<State, Data, Context, ByType, Topic> & WithContext<Context>

interface Handlers<State, Data, Context, ByType, Topic extends string>
  extends Pick<
    KeyedProcess<State>,
    | 'version'
    | 'migrate'
    | 'allowedLatenessMs'
    | 'parking'
    | 'trustsProducers'
    | 'foreignLogs'
    | 'neverChangesState'
  > {
  /**
   * Event types for `onEvent`. By default, all types in `events` of the application, and the types of its JSON records. Events of
   * other types are acknowledged with the reason `not-mine`. The list may include the application's `tickType`. A tick is then
   * processed as an event of the entity with its source and subject; its `timeMs` is the timestamp of its record, and its id is not
   * remembered. If its step has the reason `tick`, it counts as ignored, as in processes that do not accept ticks.
   */
  readonly accepts?: readonly string[]
  /** Handles events whose type has no handler in `on`. */
  onEvent?(state: State | undefined, event: TypedEvent<Data>, step: Step<Context, Topic>): State | undefined
  /** Handlers by event type. The data of an event has the type that its schema defines. */
  readonly on?: ByType
  /** Handles timers, or has a handler for each name of a timer. */
  readonly onTimer?:
    | TimerHandler<State, Context, Topic>
    | Readonly<Record<string, TimerHandler<State, Context, Topic>>>
  /**
   * Called for an entity when its live state is replaced by a different state that was rebuilt from the log. The rebuild has not
   * emitted anything, so this handler emits the differences, for example the beginning or the end of alerts. It may be called
   * several times before the switch, the last time with the final states. By default, the rebuilt state is used unchanged.
   *
   * @returns new state of the entity, which is ignored if the rebuilt state does not contain the entity
   */
  onTakeover?(
    live: State | undefined,
    rebuilt: State | undefined,
    at: TakeoverPlace,
    step: Pick<Step<Context, Topic>, 'emit'>,
  ): State | undefined
  /**
   * Names of the timers that wait for silence, or a function that selects them. Such a timer fires only after the log's clock has
   * passed it, because time in which nothing was appended to the log is not silence; any other timer also fires when a later event of
   * its entity arrives. The names are declared for the whole process, so that they also apply to timers which earlier versions have set.
   */
  readonly awaitsLog?: readonly string[] | ((timer: string) => boolean)
}

type AnyHandlers = Handlers<unknown, unknown, unknown, AnyType<unknown, unknown, unknown>, string> & {
  readonly context?: PartitionContext<unknown>
}

/**
 * Defines a process by its handlers, which are pure: they read no clock, no environment, and do no I/O. For a process that is made
 * from settings; `application().process()` defines one that includes its application.
 *
 * @param name name of the process, which is also its consumer group, its prefix in Redis and a dimension of its metrics. A renamed
 *   process starts without any state.
 * @throws ConfigError if a handler or its event types are missing, or if events of a handler in `on` set the context
 */
export function defineProcess<State, Data = unknown, Context = void>(
  name: string,
  handlers: ProcessHandlers<State, Data, Context>,
): KeyedProcess<State, Data, Context> & WithContext<Context>
export function defineProcess(name: string, handlers: AnyHandlers): KeyedProcess<unknown, unknown, unknown> {
  const { on = {}, onEvent, onTimer, onTakeover, awaitsLog, accepts, ...settings } = handlers
  const handled = new Map(Object.entries(on))
  const unreached = contextTypes(settings.context ?? {}).filter(type => handled.has(type))
  const errors = [
    ...(onEvent || handled.size > 0 ? [] : ['it has neither onEvent nor on: add a handler']),
    ...(onEvent && !accepts
      ? ['onEvent has no event types: list them in accepts, or in events of the application']
      : []),
    ...unreached.map(type => `on has a handler for "${type}", whose events only set the context: remove it`),
  ]
  if (errors.length > 0) throw new ConfigError(`the process "${name}"`, errors)
  return {
    ...settings,
    name,
    accepts: [...new Set([...handled.keys(), ...((onEvent && accepts) ?? [])])],
    onEvent(state, event, context) {
      const { type, entity, timeMs } = event
      const handle = handled.get(type) ?? onEvent
      if (!handle) throw new Error(`the process "${name}" has no handler for the event type "${type}"`)
      const calls = new Calls(name, entity, timeMs, context)
      return collectStep(calls, 'processed', () => handle(state, event as TypedEvent<unknown>, calls))
    },
    ...(onTimer && {
      onTimer(state: unknown, timer: Timer, context: unknown) {
        const handle = typeof onTimer === 'function' ? onTimer : requireTimerHandler(onTimer, timer)
        const calls = new Calls(name, timer.entity, timer.dueMs, context)
        return collectStep(calls, 'fired', () => handle(state, timer, calls))
      },
    }),
    ...(onTakeover && {
      onTakeover(live: unknown, rebuilt: unknown, at: TakeoverPlace) {
        const calls = new Calls(name, at.entity, at.timeMs, undefined)
        return { state: onTakeover(live, rebuilt, at, calls), emit: Calls.emissionsOf(calls) }
      },
    }),
    ...(awaitsLog && {
      awaitsLog: typeof awaitsLog === 'function' ? awaitsLog : (timer: string) => awaitsLog.includes(timer),
    }),
  }
}

function requireTimerHandler<Handler>(handlers: Readonly<Record<string, Handler>>, { name }: Timer): Handler {
  if (!Object.hasOwn(handlers, name)) throw new Error(`onTimer has no handler for the timer "${name}"`)
  return handlers[name] as Handler
}

function collectStep(calls: Calls, reason: string, handle: () => unknown): StepResult<unknown> {
  try {
    const state = handle()
    // Pass a promise on, so that the engine reports it as an invalid result.
    return state instanceof Promise ? (state as never) : Calls.complete(calls, reason, state)
  } catch (error) {
    if (error instanceof PermanentError) return reject(error.message, error.safeMessage)
    throw error
  }
}

const NO_TIMERS: readonly TimerChange[] = []

/**
 * The step of one handler, which collects its calls. Its functions are made when they are read, because most steps call one or none, and
 * a handler may read them without the step.
 */
class Calls implements Step<unknown, string> {
  readonly context: unknown
  readonly #emissions: Emission[] = []
  readonly #process: string
  readonly #entity: string
  readonly #timeMs: number
  /** Timer changes by name. If a handler makes several calls for a name, the last call takes effect. */
  #timers: Map<string, TimerChange> | undefined
  #word: string | undefined
  #nextContext: unknown

  constructor(process: string, entity: string, timeMs: number, context: unknown) {
    this.context = context
    this.#process = process
    this.#entity = entity
    this.#timeMs = timeMs
  }

  get emit(): Step<unknown, string>['emit'] {
    return (topic, name, data, { subject, dataschema, ...options } = {}) => {
      const { source, subject: own = source } = parseEntity(this.#entity)
      this.#emissions.push({
        name,
        to: topic as TopicName,
        key: own,
        type: `${this.#process}.${name}`,
        source: `/${this.#process}`,
        ...options,
        ...(subject !== null && { subject: subject ?? own }),
        ...(dataschema !== undefined && { dataschema }),
        data,
      })
      return undefined
    }
  }

  get timer(): Step['timer'] {
    return (name, afterMs) => this.#change({ name, dueMs: this.#timeMs + afterMs })
  }

  get timerAt(): Step['timerAt'] {
    return (name, dueMs) => this.#change({ name, dueMs })
  }

  get cancel(): Step['cancel'] {
    return name => this.#change({ name })
  }

  get reason(): Step['reason'] {
    return word => {
      this.#word = word
    }
  }

  get setContext(): Step['setContext'] {
    return data => {
      if (this.context === undefined) throw new Error('setContext needs a context of the process: define one')
      this.#nextContext = data
    }
  }

  get reject(): Step['reject'] {
    return (why, safeMessage) => {
      throw new PermanentError(why, safeMessage)
    }
  }

  /** Returns the emissions so far. The function is static, so that a handler cannot read them. */
  static emissionsOf(calls: Calls): readonly Emission[] {
    return calls.#emissions
  }

  static complete(calls: Calls, reason: string, state: unknown): StepResult<unknown> {
    const timers = calls.#timers ? [...calls.#timers.values()] : NO_TIMERS
    const step = completeStep(calls.#word ?? reason, state, calls.#emissions, timers)
    return calls.#nextContext === undefined ? step : { ...step, context: calls.#nextContext }
  }

  #change(timer: TimerChange): void {
    this.#timers ??= new Map()
    this.#timers.set(timer.name, timer)
  }
}
