/**
 * A process under test, without any server: given what happened before, when events come or time passes, then state,
 * emissions, timers and reason. What runs is the pipeline itself, on a store in memory: ids, dedupe, the log's clock
 * and its rules are those of a deployment.
 */
import type { Event, Received } from '../../lib/domain/event.ts'
import type { FailureCode } from '../../lib/domain/failure/codes.ts'
import type { Emission, KeyedProcess, Step, Timer } from '../../lib/domain/process.ts'
import { tick } from '../../lib/domain/telemetry/tick.ts'
import type { StoredTimer } from '../../lib/pipeline/ports.ts'
import { logRecord } from './records.ts'
import { Stage } from './stage.ts'
import { NOTHING_WANTED } from './wanted.ts'

/** One step that the process took. */
export interface Taken<State> {
  /** Id of the event, or name of the timer, that it was about. */
  readonly by: string
  readonly entity: string
  /** Absent where it was `rejected`. */
  readonly reason?: string
  readonly rejected?: string
  readonly state?: State | undefined
  readonly emitted: readonly Emission[]
}

/** How often the log ticks while time passes, as `clock` makes it. */
const TICK_MS = 60_000

export class Kit<State> {
  readonly #stage: Stage
  readonly #steps: Taken<State>[] = []
  readonly #published: Event[] = []
  #offset = 0
  #nowMs = 0

  constructor(process: KeyedProcess<State, never>) {
    this.#stage = new Stage(this.#listening(process as KeyedProcess<State>) as KeyedProcess<unknown>)
  }

  /**
   * Hands over events, one after another. The log's clock goes with their times, as if each came as it happened; one that
   * happened earlier than the one before came late. Returns the steps that this led to, of timers as well.
   *
   * @throws where an event does not reach the process, as one that its schema refuses; and where the runtime does not let a
   * step pass: names that repeat, timers that are due at once, what cannot be stored or published
   */
  async when(...events: readonly Event[]): Promise<readonly Taken<State>[]> {
    const before = this.#steps.length
    for (const event of events) {
      const timeMs = Date.parse(event.time ?? '')
      // Of a time that is none, the runtime says so.
      if (!Number.isNaN(timeMs)) this.#nowMs = Math.max(this.#nowMs, timeMs)
      await this.#append(event)
    }
    return this.#steps.slice(before)
  }

  /** Lets time pass in which nothing happens: the log ticks. Returns the steps of the timers that fire. */
  async pass(ms: number): Promise<readonly Taken<State>[]> {
    const before = this.#steps.length
    const endMs = this.#nowMs + ms
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(endMs, this.#nowMs + TICK_MS)
      await this.#append(tick(0, new Date(this.#nowMs).toISOString()))
    }
    return this.#steps.slice(before)
  }

  /** What is remembered of an entity, `source` and `subject` with a space between; undefined where nothing is. */
  async state(entity: string): Promise<State | undefined> {
    return (await this.#stage.state(entity)) as State | undefined
  }

  /** When the entity's timers are due, by name. */
  async timers(entity: string): Promise<Readonly<Record<string, Date>>> {
    const { timers } = await this.#stage.store.load(this.#stage.slot(), {
      ...NOTHING_WANTED,
      entities: [entity],
    })
    const due = (timer: StoredTimer) => [timer.name, new Date(timer.dueMs)]
    return Object.fromEntries((timers.get(entity) ?? []).map(due))
  }

  /** `outcome/reason` of every record and timer so far, duplicates and failures too. */
  get outcomes(): readonly string[] {
    return this.#stage.outcomes
  }

  /** The events that left, as a reader of their topics gets them. */
  get published(): readonly Event[] {
    return this.#published
  }

  async #append(event: Event): Promise<void> {
    const { decisions } = this.#stage.observer
    const [decided, taken, left] = [decisions.length, this.#steps.length, this.#published.length]
    await this.#stage.batch([logRecord(this.#offset, event, { timestampMs: this.#nowMs })])
    this.#offset += 1
    for (const { fault } of decisions.slice(decided))
      if (fault && !OF_A_TEST.includes(fault.code))
        throw new Error(`${event.id}: ${[fault.code, fault.message].join(': ')} ${fault.place ?? ''}`.trim())
    for (const { by, state } of this.#steps.slice(taken)) {
      const lost = lostInJson(state, 'state')
      if (lost) throw new Error(`${by}: the state does not survive JSON: ${lost}`)
    }
    // Reading them finds those that are no CloudEvents.
    this.#published.push(...this.#stage.eventsAfter(left))
  }

  #listening(process: KeyedProcess<State>): KeyedProcess<State> {
    const take = (by: string, entity: string, step: Step<State>): Step<State> => {
      this.#steps.push({ by, entity, ...toldOf(step) })
      return step
    }
    const { onTimer } = process
    return {
      ...process,
      onEvent: (state, event: Received) => take(event.id, event.entity, process.onEvent(state, event)),
      ...(onTimer && {
        onTimer: (state: State, timer: Timer) =>
          take(timer.name, timer.entity, onTimer.call(process, state, timer)),
      }),
    }
  }
}

/** What a test may be about; any other failure is none that a process decides. */
const OF_A_TEST: readonly FailureCode[] = ['rejected', 'id-conflict']

function toldOf<State>(step: Step<State>): Pick<Taken<State>, 'reason' | 'rejected' | 'state' | 'emitted'> {
  // What is no step at all, the runtime complains of.
  if (typeof step !== 'object' || step === null) return { emitted: [] }
  if ('rejected' in step) return { ...step, emitted: [] }
  const { reason, state, emit } = step
  return { reason, state, emitted: emit }
}

/** The first part of a value that is another one after JSON, as a Date, a Map or NaN is, and what it is. */
function lostInJson(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean')
    return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} is ${value}`
  if (typeof value !== 'object') return `${path} is a ${typeof value}`
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype)
    return `${path} is a ${prototype.constructor?.name}`
  const parts = Object.entries(value).map(([name, part]) => lostInJson(part, `${path}.${name}`))
  return parts.find(lost => lost !== undefined)
}
