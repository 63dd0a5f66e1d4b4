/**
 * A process under test, without any server: given what happened before, when events come or time passes, then state,
 * emissions, timers and reason. What runs is the pipeline itself, on a store in memory: ids, dedupe, the log's clock
 * and its rules are those of a deployment.
 */
import type { Event, Received } from '../../lib/domain/event.ts'
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
  #offset = 0
  #nowMs = 0

  constructor(process: KeyedProcess<State, never>) {
    this.#stage = new Stage(this.#listening(process as KeyedProcess<State>) as KeyedProcess<unknown>)
  }

  /**
   * Hands over events, one after another. The log's clock goes with their times, as if each came as it happened; one that
   * happened earlier than the one before came late. Returns the steps that this led to, of timers as well.
   *
   * @throws where the runtime does not let a step pass: names that repeat, timers that are due at once, what cannot be stored
   */
  async when(...events: readonly Event[]): Promise<readonly Taken<State>[]> {
    const before = this.#steps.length
    for (const event of events) {
      if (event.time !== undefined) this.#nowMs = Math.max(this.#nowMs, Date.parse(event.time))
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
    return this.#stage.events
  }

  async #append(event: Event): Promise<void> {
    const before = this.#stage.observer.decisions.length
    await this.#stage.batch([logRecord(this.#offset, event, { timestampMs: this.#nowMs })])
    this.#offset += 1
    for (const { fault } of this.#stage.observer.decisions.slice(before))
      if (fault?.code === 'unexpected-error' || fault?.code === 'timer-failed')
        throw new Error(`${event.id}: ${fault.message} ${fault.place ?? ''}`)
  }

  #listening(process: KeyedProcess<State>): KeyedProcess<State> {
    const take = (by: string, entity: string, step: Step<State>): Step<State> => {
      const told = 'rejected' in step ? { ...step, emitted: [] } : toldOf(step)
      this.#steps.push({ by, entity, ...told })
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

function toldOf<State>({ reason, state, emit }: Extract<Step<State>, { reason: string }>) {
  return { reason, state, emitted: emit }
}
