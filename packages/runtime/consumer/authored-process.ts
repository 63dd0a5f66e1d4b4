/** Creates a `KeyedProcess` from handlers. The calls of a handler become the fields of one step. */
import type { Application } from './application.ts'
import { ConfigError, PermanentError } from './author-errors.ts'
import type { TopicName } from './declared.ts'
import { partsOfEntity, type Received } from './event.ts'
import {
  decided,
  type Emission,
  type KeyedProcess,
  rejected,
  type Step,
  type Timer,
  type TimerChange,
} from './process.ts'

/** A process together with its application. `kafkaHandler` and `ProcessKit` need no other argument. */
export interface AuthoredProcess<State> extends KeyedProcess<State> {
  readonly application: Application
}

/** An event as passed to a handler. */
export interface TypedEvent<Data, Type extends string = string> extends Received<Data> {
  readonly type: Type
  readonly data: Data
}

/** Attributes of an emission that are not derived from its process and entity. */
export interface EmitOptions extends Partial<Omit<Emission, 'name' | 'to' | 'data'>> {}

/**
 * Functions that a handler can call in addition to returning the state. Delays count from the time of the
 * event, or from the due time of the timer.
 */
export interface StepTools<Topic extends string = string> {
  /**
   * Publishes an event and returns undefined. By default, its key and subject are the subject of the entity (or its source, if the
   * entity has no subject), its source is `/<process>`, and its type is `<process>.<name>`.
   *
   * @param name name of the emission; it must be unique within the step, and is part of the event's id
   */
  emit(topic: Topic, name: string, data: unknown, options?: EmitOptions): undefined
  /** Sets or moves the entity's timer of this name. `onTimer` is called once the log has passed the due time. */
  timer(name: string, afterMs: number): void
  /** Cancels the entity's timer of this name, if there is one. */
  cancel(name: string): void
  /** Sets the reason of the step, a stable word for logs, metrics and tests; by default `processed`, or `fired` for a timer. */
  reason(word: string): void
  /**
   * Ends the step because the event can never be processed. The event becomes a failure record, and the state
   * does not change. Equivalent to throwing a `PermanentError`.
   *
   * @param why message for operators, which becomes part of the failure
   * @param safeMessage message for logs; must not contain data of the event
   */
  reject(why: string, safeMessage?: string): never
}

/** Returns the next state of the entity; undefined removes the entity and its timers. */
export type EventHandler<State, Event, Topic extends string = string> = (
  state: State | undefined,
  event: Event,
  tools: StepTools<Topic>,
) => State | undefined

/** Handlers of a process, together with settings of `KeyedProcess`. */
export interface ProcessHandlers<State, Data, ByType, Topic extends string>
  extends Pick<
    KeyedProcess<State>,
    'version' | 'migrate' | 'allowedLatenessMs' | 'parking' | 'trustsProducers'
  > {
  /** Event types for `onEvent`. By default, all types in the application's `events`, and the types of its JSON records. */
  readonly accepts?: readonly string[]
  /** Handles events without a handler in `on`. */
  onEvent?(state: State | undefined, event: TypedEvent<Data>, tools: StepTools<Topic>): State | undefined
  /** Handlers by event type. The data of each event has the type of its schema. */
  readonly on?: ByType
  onTimer?(state: State, timer: Timer, tools: StepTools<Topic>): State | undefined
  /** Called when an operator erases an entity that has a state. May emit final events, such as the end of an alert. */
  onErase?(state: State, erasure: Received, tools: Pick<StepTools<Topic>, 'emit'>): void
  /**
   * Timers that wait for silence, listed by name or selected by a function. They fire only once the log's clock has passed them;
   * any other timer also fires when a later event of its entity arrives. This is declared for the process rather than for each
   * timer, so that it also applies to timers stored by earlier versions, and to all timers of the same name.
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
 * @param types event types of `onEvent` if the handlers specify none
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
      return stepOf(name, event, 'processed', tools => handler?.(state, typed, tools))
    },
    ...(onTimer && {
      onTimer: (state: unknown, timer: Timer) => {
        const at = { entity: timer.entity, timeMs: timer.dueMs }
        return stepOf(name, at, 'fired', tools => onTimer(state, timer, tools))
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

/** Entity and current time of a step. */
type StepPlace = Pick<Received, 'entity' | 'timeMs'>

function stepOf(
  process: string,
  place: StepPlace,
  reason: string,
  call: (tools: StepTools) => unknown,
): Step<unknown> {
  const effects = new Effects(process, place)
  try {
    const state = call(effects.tools)
    // Pass a promise through: the engine reports it as an invalid result.
    if (state instanceof Promise) return state as never
    return decided(effects.word ?? reason, state, effects.emissions, [...effects.timers.values()])
  } catch (error) {
    if (error instanceof PermanentError) return rejected(error.message, error.safeMessage)
    throw error
  }
}

/** Collects the effects that a handler requests. */
class Effects {
  readonly emissions: Emission[] = []
  /** Timers by name. The last call for a name wins. */
  readonly timers = new Map<string, TimerChange>()
  word: string | undefined
  readonly tools: StepTools

  constructor(process: string, { entity, timeMs }: StepPlace) {
    const { source, subject = source } = partsOfEntity(entity)
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
