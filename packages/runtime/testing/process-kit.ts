import { findLost } from '../cloudevents/json-text.ts'
import { type Application, createTick } from '../consumer/application.ts'
import type { AuthoredProcess } from '../consumer/define-process.ts'
import type { Event, Received } from '../consumer/event.ts'
import type { FailureCode } from '../consumer/failure-codes.ts'
import type { Emission, KeyedProcess, StepResult, Timer } from '../consumer/process.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { assertFits } from '../pipeline/check-definition.ts'
import type { StoredTimer } from '../pipeline/model/partition-state.ts'
import { formatState, getVersion } from '../pipeline/model/stored-state.ts'
import { Stage } from './consumer-kit.ts'
import { EMPTY_SELECTION } from './empty-selection.ts'
import { type PlainRecord, toRecordContent } from './plain-record.ts'
import { withPureSteps } from './pure-step.ts'
import { FIRST_APPEND_MS, logRecord } from './records.ts'

type AnyProcess<State> = KeyedProcess<State, unknown, unknown>

/** A step of the process under test. */
export interface TakenStep<State> {
  /** Id of the event or name of the timer that caused the step. */
  readonly by: string
  readonly entity: string
  /** Reason of the step; absent if the event was rejected. */
  readonly reason?: string
  readonly rejected?: string
  readonly state?: State | undefined
  readonly emitted: readonly Emission[]
}

/** Interval between ticks while time passes, in milliseconds. It equals the interval of the `clock` schedule. */
const TICK_MS = 60_000
/** Number of ticks that are read together, as after a pause of the consumer. Days pass faster in larger batches. */
const TICKS_PER_BATCH = 60

interface Appended {
  readonly event: Event | PlainRecord
  readonly timestampMs: number
}

/** Options of a test. */
export interface ProcessKitOptions {
  /** Returns the tick of partition 0 at an instant (RFC 3339); by default, an event of the application's tick type without data. */
  readonly tick?: (partition: number, at: string) => Event
  /** Initial states by entity (`source`, a space, `subject`). */
  readonly states?: Readonly<Record<string, unknown>>
  /** Version of the code that has stored these states, to test `migrate`; by default, the version of the process. */
  readonly statesVersion?: number
  /** Topic that the process reads; by default, the first topic of the application. */
  readonly topic?: string
}

/**
 * Test kit for a process that needs no servers: append events or let time pass, and check the state, emissions, timers and reasons.
 * It runs the real pipeline with an in-memory store, so ids, deduplication and the log's clock behave as in a deployment.
 */
export class ProcessKit<State> {
  readonly #tick: NonNullable<ProcessKitOptions['tick']>
  readonly #stage: Stage
  readonly #steps: TakenStep<State>[] = []
  readonly #published: Event[] = []
  #offset = 0
  #nowMs = 0
  /** Error that the latest step of the process has thrown. */
  #thrown: unknown

  /**
   * Creates a kit for a process that was created by `application().process()`.
   *
   * @throws Error if a handler would refuse the process at start-up
   */
  constructor(process: AuthoredProcess<State>, options?: ProcessKitOptions)
  /** Creates a kit for any process. */
  constructor(
    application: Application,
    process: KeyedProcess<State, never, unknown>,
    options?: ProcessKitOptions,
  )
  constructor(first: Application | AuthoredProcess<State>, ...given: unknown[]) {
    const isAlone = 'onEvent' in first
    const application = isAlone ? first.application : first
    const [process, options = {}] = (isAlone ? [first, ...given] : given) as [
      AnyProcess<State>,
      ProcessKitOptions?,
    ]
    this.#tick = options.tick ?? ((partition, at) => createTick(application, partition, at))
    const heard = this.#listening(process) as AnyProcess<unknown>
    assertFits(application, process as AnyProcess<unknown>)
    this.#stage = new Stage(application, heard, {}, options.topic as TopicName | undefined)
    const { states = {}, statesVersion = getVersion(process) } = options
    const stored = Object.entries(states).map(
      ([entity, state]) => [entity, formatState(JSON.stringify(state), statesVersion)] as const,
    )
    this.#stage.store.put(this.#stage.stateKey(), new Map(stored))
  }

  /**
   * Appends events or plain records one after another. The log's clock follows their times, as if each event had arrived when it
   * happened. An event that is older than the previous event counts as late. Returns the resulting steps, including steps of
   * timers.
   *
   * @throws Error if a step uses a clock or random numbers; if an event does not reach the process, for example because it violates
   * its schema; or if the runtime refuses a step because of duplicate names, timers that are already due, or values that cannot be
   * stored or published
   */
  async when(...events: readonly (Event | PlainRecord)[]): Promise<readonly TakenStep<State>[]> {
    const before = this.#steps.length
    for (const event of events) {
      const timeMs = 'type' in event ? Date.parse(event.time ?? '') : event.timestampMs
      // Ignore invalid times here, because the runtime reports them.
      if (timeMs && !Number.isNaN(timeMs)) this.#nowMs = Math.max(this.#nowMs, timeMs)
      this.#nowMs ||= FIRST_APPEND_MS
      await this.#append([{ event, timestampMs: this.#nowMs }])
    }
    return this.#steps.slice(before)
  }

  /** Lets time pass without events, so that only ticks are appended. Returns the steps of the timers that fire. */
  async pass(ms: number): Promise<readonly TakenStep<State>[]> {
    const before = this.#steps.length
    const endMs = this.#nowMs + ms
    while (this.#nowMs < endMs) {
      const ticks: Appended[] = []
      while (this.#nowMs < endMs && ticks.length < TICKS_PER_BATCH) {
        this.#nowMs = Math.min(endMs, this.#nowMs + TICK_MS)
        ticks.push({ event: this.#tick(0, new Date(this.#nowMs).toISOString()), timestampMs: this.#nowMs })
      }
      await this.#append(ticks)
    }
    return this.#steps.slice(before)
  }

  /** Returns the state of an entity (`source`, a space, `subject`); undefined if it has none. */
  async state(entity: string): Promise<State | undefined> {
    return (await this.#stage.state(entity)) as State | undefined
  }

  /** Returns the due times of the entity's timers, by name. */
  async timers(entity: string): Promise<Readonly<Record<string, Date>>> {
    const { timers } = await this.#stage.store.load(this.#stage.stateKey(), {
      ...EMPTY_SELECTION,
      entities: [entity],
    })
    const due = (timer: StoredTimer) => [timer.name, new Date(timer.dueMs)]
    return Object.fromEntries((timers.get(entity) ?? []).map(due))
  }

  /** All outcomes so far as `outcome/reason`, of every record and timer, including duplicates and failures. */
  get outcomes(): readonly string[] {
    return this.#stage.outcomes
  }

  /** Published events, as a reader of their topics receives them. */
  get publishedEvents(): readonly Event[] {
    return this.#published
  }

  async #append(records: readonly Appended[]): Promise<void> {
    const { decisions, waits } = this.#stage.observer
    const [decisionsBefore, taken, left] = [decisions.length, this.#steps.length, this.#published.length]
    const waited = waits.length
    this.#thrown = undefined
    const { topic } = this.#stage
    const first = this.#offset
    await this.#stage.batch(
      records.map(({ event, timestampMs }, index) =>
        logRecord(first + index, 'type' in event ? event : toRecordContent(event), { topic, timestampMs }),
      ),
    )
    this.#offset += records.length
    const [wait] = waits.slice(waited)
    // Throw the original error: the engine omits its message, because it may contain payload data.
    if (wait) throw this.#thrown ?? wait.error ?? new Error(`the record waits: ${wait.reason}`)
    for (const { failure, offset, event, reason } of decisions.slice(decisionsBefore)) {
      const appended = records[offset - first]?.event
      const name = appended && 'id' in appended ? appended.id : 'the record'
      if (reason === 'not-mine')
        throw new Error(`${name}: not-mine: the process does not accept events of the type "${event?.type}"`)
      if (failure && !OF_A_TEST.includes(failure.code))
        throw new Error(
          `${name}: ${[failure.code, failure.message].join(': ')} ${failure.place ?? ''}`.trim(),
        )
    }
    for (const { by, state } of this.#steps.slice(taken)) {
      const lost = state === undefined ? undefined : findLost(state, [], true)
      if (lost) throw new Error(`${by}: JSON does not preserve the state: state${lost}`)
    }
    // Reading the events back throws an error if an event is not a valid CloudEvent.
    this.#published.push(...this.#stage.eventsAfter(left))
  }

  #listening(process: AnyProcess<State>): AnyProcess<State> {
    const pure = withPureSteps(process, error => {
      this.#thrown = error
    })
    const { onTimer } = pure
    const captureStep = (by: string, entity: string, step: StepResult<State>): StepResult<State> => {
      this.#steps.push({ by, entity, ...toTakenStep(step) })
      return step
    }
    return {
      ...pure,
      onEvent: (state, event: Received, context) =>
        captureStep(event.id, event.entity, pure.onEvent(state, event, context)),
      ...(onTimer && {
        onTimer: (state: State, timer: Timer, context) =>
          captureStep(timer.name, timer.entity, onTimer.call(pure, state, timer, context)),
      }),
    }
  }
}

/** Failures that a test may expect. Any other failure means that the event did not reach the process. */
const OF_A_TEST: readonly FailureCode[] = ['rejected', 'id-conflict']

function toTakenStep<State>(step: StepResult<State>): Omit<TakenStep<State>, 'by' | 'entity'> {
  // The runtime reports results that are not a step.
  if (typeof step !== 'object' || step === null) return { emitted: [] }
  if (step.kind === 'rejected') return { rejected: step.why, emitted: [] }
  const { reason, state, emit } = step
  return { reason, state, emitted: emit }
}
