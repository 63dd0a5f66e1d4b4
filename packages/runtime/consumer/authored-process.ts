/** Makes a `KeyedProcess` of handlers: the calls of a handler become the fields of one step. */
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

/** A process that knows its application: `kafkaHandler` and `ProcessKit` take it alone. */
export interface AuthoredProcess<State> extends KeyedProcess<State> {
  readonly application: Application
}

/** An event as a handler gets it. */
export interface TypedEvent<Data, Type extends string = string> extends Received<Data> {
  readonly type: Type
  readonly data: Data
}

/** Attributes of an emission that do not follow from its process and its entity. */
export interface EmitOptions extends Partial<Omit<Emission, 'name' | 'to' | 'data'>> {}

/** Calls of a handler beside the state that it returns. Times count from the event, or from when the timer was due. */
export interface StepTools<Topic extends string = string> {
  /**
   * Publishes an event, and returns undefined. By default its key and subject are the subject of the entity (or its source, without a subject), its source is
   * `/<process>`, and its type `<process>.<name>`.
   *
   * @param name distinguishes the emissions of one step, and is part of the event's id
   */
  emit(topic: Topic, name: string, data: unknown, options?: EmitOptions): undefined
  /** Sets or moves the entity's timer of this name. `onTimer` is called once the log has moved past it. */
  timer(name: string, afterMs: number): void
  /** Cancels the entity's timer of this name, if there is one. */
  cancel(name: string): void
  /** A stable word for logs, metrics and tests; by default `processed`, and `fired` at a timer. */
  reason(word: string): void
  /**
   * Ends the step: the event can never be processed. It becomes a failure record, and the state stays as it was. The same as throwing a
   * `PermanentError`.
   *
   * @param why for people; it becomes part of the failure
   * @param safeMessage the text that may be logged, because it has no part of the event
   */
  reject(why: string, safeMessage?: string): never
}

/** Returns the next state of the entity; undefined forgets the entity and its timers. */
export type EventHandler<State, Event, Topic extends string = string> = (
  state: State | undefined,
  event: Event,
  tools: StepTools<Topic>,
) => State | undefined

/** One handler for all events of a process, with the settings that a `KeyedProcess` has as well. */
export interface ProcessHandlers<State, Data, ByType, Topic extends string>
  extends Pick<
    KeyedProcess<State>,
    'version' | 'migrate' | 'allowedLatenessMs' | 'parking' | 'trustsProducers'
  > {
  /** Event types for `onEvent`; by default all that the application has in `events`, and those of the JSON that it reads. */
  readonly accepts?: readonly string[]
  /** Handles the events that have no handler of their own in `on`. */
  onEvent?(state: State | undefined, event: TypedEvent<Data>, tools: StepTools<Topic>): State | undefined
  /** Handlers by event type, each with the data of its type. */
  readonly on?: ByType
  onTimer?(state: State, timer: Timer, tools: StepTools<Topic>): State | undefined
  /** Called when an operator erases an entity that has a state: emits what must be said as the last of it. */
  onErase?(state: State, erasure: Received, tools: Pick<StepTools<Topic>, 'emit'>): void
  /**
   * Timers that mean that nothing has arrived for a while, by their names or by a function of the name. They fire only once the clock
   * of the log has passed them; any other timer also fires when a later event of its entity arrives. It is declared here and not
   * where a timer is set, so that it also holds for the timers that earlier code has stored, and for all of one name alike.
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
 * @param types the event types of `onEvent`, if the handlers name none
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
    throw new ConfigError(`the process "${name}"`, ['it has neither onEvent nor on'])
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

/** The entity of a step, and its current time. */
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
    // The engine reports a promise where it expects a step.
    if (state instanceof Promise) return state as never
    return decided(effects.word ?? reason, state, effects.emissions, [...effects.timers.values()])
  } catch (error) {
    if (error instanceof PermanentError) return rejected(error.message, error.safeMessage)
    throw error
  }
}

/** Collects what a handler calls. */
class Effects {
  readonly emissions: Emission[] = []
  /** Timers by name: the last call counts. */
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
