/** Creates a `KeyedProcess` from handlers. The calls that a handler makes are collected into one step. */
import type { Application } from './application.ts'
import { ConfigError, PermanentError } from './author-errors.ts'
import { parseEntity, type Received } from './event.ts'
import {
  completeStep,
  type Emission,
  type KeyedProcess,
  reject,
  type StepResult,
  type Timer,
  type TimerChange,
} from './process.ts'
import type { TopicName } from './topic-name.ts'

/** A process together with its application. `kafkaHandler` and `ProcessKit` need no other argument. */
export interface AuthoredProcess<State> extends KeyedProcess<State> {
  readonly application: Application
}

/** An event as passed to a handler. */
export interface TypedEvent<Data, Type extends string = string> extends Received<Data> {
  readonly type: Type
  readonly data: Data
}

/** Optional attributes of an emission. By default, they are derived from the process and the entity. */
export interface EmitOptions extends Partial<Omit<Emission, 'name' | 'to' | 'data'>> {}

/**
 * Functions that a handler can call, in addition to returning the state. Delays start at the time of the event, or at the due time
 * of the timer.
 */
export interface StepTools<Topic extends string = string> {
  /**
   * Publishes an event and returns undefined. By default, the key and the subject of the event are the subject of the entity, or
   * its source if it has no subject. The default source is `/<process>`, and the default type is `<process>.<name>`.
   *
   * @param name name of the emission, which must be unique within the step; it is part of the event's id
   */
  emit(topic: Topic, name: string, data: unknown, options?: EmitOptions): undefined
  /** Sets or moves the entity's timer of this name. `onTimer` is called once the log's clock has passed the due time. */
  timer(name: string, afterMs: number): void
  /** Cancels the entity's timer of this name, if there is one. */
  cancel(name: string): void
  /** Sets the reason of the step, a stable word for logs, metrics and tests. The default is `processed`, or `fired` for a timer. */
  reason(word: string): void
  /**
   * Ends the step because the event can never be processed. The event becomes a failure record, and the state does not change.
   * Equivalent to throwing a `PermanentError`.
   *
   * @param why message for operators, which becomes part of the failure
   * @param safeMessage message for logs; it must not contain data of the event
   */
  reject(why: string, safeMessage?: string): never
}

/** Handles an event. Returns the next state of the entity; undefined removes the entity and its timers. */
export type EventHandler<State, Event, Topic extends string = string> = (
  state: State | undefined,
  event: Event,
  tools: StepTools<Topic>,
) => State | undefined

/** Handlers of a process, and settings that are passed on to its `KeyedProcess`. */
export interface ProcessHandlers<State, Data, ByType, Topic extends string>
  extends Pick<
    KeyedProcess<State>,
    'version' | 'migrate' | 'allowedLatenessMs' | 'parking' | 'trustsProducers'
  > {
  /** Event types for `onEvent`. By default, all types in `events` of the application, and the types of its JSON records. */
  readonly accepts?: readonly string[]
  /** Handles events whose type has no handler in `on`. */
  onEvent?(state: State | undefined, event: TypedEvent<Data>, tools: StepTools<Topic>): State | undefined
  /** Handlers by event type. The data of an event has the type that its schema defines. */
  readonly on?: ByType
  onTimer?(state: State, timer: Timer, tools: StepTools<Topic>): State | undefined
  /** Called when an operator erases an entity that has a state. It can emit final events, for example to end an alert. */
  onErase?(state: State, erasure: Received, tools: Pick<StepTools<Topic>, 'emit'>): void
  /**
   * Names of the timers that wait for silence, or a function that selects them. Such a timer fires only after the log's clock has
   * passed it; any other timer also fires when a later event of its entity arrives. The names are declared for the whole process,
   * so that they also apply to timers which earlier versions have set.
   */
  readonly awaitsLog?: readonly string[] | ((timer: string) => boolean)
}

type AnyHandlers = ProcessHandlers<
  unknown,
  unknown,
  Readonly<Record<string, EventHandler<unknown, TypedEvent<unknown>>>>,
  string
>

/**
 * @param types event types for `onEvent` if the handlers do not specify any
 * @throws ConfigError if a handler or its event types are missing
 */
export function authoredProcess(
  application: Application,
  name: string,
  handlers: AnyHandlers,
  types: readonly string[],
): AuthoredProcess<unknown> {
  const { on = {}, onEvent, onTimer, onErase, awaitsLog, accepts, ...settings } = handlers
  const handled = new Map(Object.entries(on))
  const others = onEvent ? (accepts ?? types) : []
  if (!onEvent && handled.size === 0)
    throw new ConfigError(`the process "${name}"`, ['it has neither onEvent nor on: add a handler'])
  if (onEvent && others.length === 0)
    throw new ConfigError(`the process "${name}"`, [
      'onEvent has no event types: list them in accepts, or in events of the application',
    ])
  return {
    ...settings,
    name,
    application,
    accepts: [...new Set([...handled.keys(), ...others])],
    onEvent: (state, event) => {
      const handler = handled.get(event.type) ?? onEvent
      const typed = event as TypedEvent<unknown>
      return collectStep(name, event, 'processed', tools => handler?.(state, typed, tools))
    },
    ...(onTimer && {
      onTimer: (state: unknown, timer: Timer) => {
        const at = { entity: timer.entity, timeMs: timer.dueMs }
        return collectStep(name, at, 'fired', tools => onTimer(state, timer, tools))
      },
    }),
    ...(onErase && {
      onErase: (state: unknown, erasure: Received) => {
        const effects = new Effects(name, erasure)
        onErase(state, erasure, effects.tools)
        return effects.emissions
      },
    }),
    ...(awaitsLog && {
      awaitsLog: typeof awaitsLog === 'function' ? awaitsLog : (timer: string) => awaitsLog.includes(timer),
    }),
  }
}

/** Entity of a step, and the time at which the step happens. */
type StepPlace = Pick<Received, 'entity' | 'timeMs'>

function collectStep(
  process: string,
  place: StepPlace,
  reason: string,
  call: (tools: StepTools) => unknown,
): StepResult<unknown> {
  const effects = new Effects(process, place)
  try {
    const state = call(effects.tools)
    // Pass a promise on, so that the engine reports it as an invalid result.
    if (state instanceof Promise) return state as never
    return completeStep(effects.word ?? reason, state, effects.emissions, [...effects.timers.values()])
  } catch (error) {
    if (error instanceof PermanentError) return reject(error.message, error.safeMessage)
    throw error
  }
}

/** Collects the effects that a handler requests by its calls. */
class Effects {
  readonly emissions: Emission[] = []
  /** Timer changes by name. If a handler makes several calls for a name, the last call takes effect. */
  readonly timers = new Map<string, TimerChange>()
  word: string | undefined
  readonly tools: StepTools

  constructor(process: string, { entity, timeMs }: StepPlace) {
    const { source, subject = source } = parseEntity(entity)
    this.tools = {
      emit: (topic, name, data, options = {}) => {
        const defaults = { key: subject, subject, source: `/${process}`, type: `${process}.${name}` }
        this.emissions.push({ ...defaults, ...options, name, to: topic as TopicName, data })
        return undefined
      },
      timer: (name, afterMs) => {
        this.timers.set(name, { name, dueMs: timeMs + afterMs })
      },
      cancel: name => {
        this.timers.set(name, { name })
      },
      reason: word => {
        this.word = word
      },
      reject: (why, safeMessage) => {
        throw new PermanentError(why, safeMessage)
      },
    }
  }
}
