/** Step 4: each record of the wave, in order, gets its decision, after the timers that it lets pass. Pure. */
import type { LogRecord } from '../cloudevents/record.ts'
import { partsOfEntity } from '../domain/event.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import type { KeyedProcess, Timer } from '../domain/process.ts'
import { eventCause, timerCause } from './cause.ts'
import { blindMs } from './clock.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decode.ts'
import type { Place } from './emission.ts'
import { Judge, type Task } from './judge.ts'
import { timerFault, timerLetter } from './letter.ts'
import type { Change, Decision, LogClock, Snapshot } from './ports.ts'
import { runStep } from './step.ts'
import type { EntityTimer } from './timers.ts'
import { WorkingCopy } from './working-copy.ts'

export interface Applied {
  readonly decisions: readonly Decision[]
  readonly change: Change
  /** Stretches that the log's clock did not count, each with the offset behind it. */
  readonly blind: readonly { readonly beforeOffset: number; readonly ms: number }[]
}

type Keyed = Consumer<KeyedProcess<unknown>>

/**
 * Decides the wave as far as one commit reaches: not all of it where more timers fire than one takes. All records lie
 * after the snapshot's mark; there is at least one. How the log is cut into waves changes nothing of what is decided.
 */
export function apply(consumer: Keyed, snapshot: Snapshot, wave: readonly Decoded[]): Applied {
  const copy = new WorkingCopy(consumer, snapshot)
  const front = new Wave(consumer, copy)
  const blind: { beforeOffset: number; ms: number }[] = []
  for (const decoded of wave) {
    const { offset, timestampMs } = decoded.record
    const ms = blindMs(copy.clock, timestampMs)
    const clock = copy.clockAt(decoded.record)
    const decision = front.decide(decoded, clock)
    if (!decision) break
    copy.decided(clock, decision)
    if (ms > 0) blind.push({ beforeOffset: offset, ms })
  }
  return { decisions: copy.decisions, change: copy.change, blind }
}

/**
 * How many timers of an entity may fire before one event of it. A timer that renews itself each minute, between two events
 * that are years apart, would fire millions of times, and its partition would wait for hours.
 */
const MOST_BEFORE_AN_EVENT = 1_000

class Wave {
  readonly #consumer: Keyed
  readonly #copy: WorkingCopy
  readonly #judge: Judge
  #timersLeft: number

  constructor(consumer: Keyed, copy: WorkingCopy) {
    this.#consumer = consumer
    this.#copy = copy
    this.#judge = new Judge(consumer, copy)
    this.#timersLeft = consumer.limits.timers
  }

  /** Undefined where the wave is full of timers before the record is decided. */
  decide(decoded: Decoded, clock: LogClock): Decision | undefined {
    const { record } = decoded
    const { nowMs } = clock
    const { agenda } = this.#copy
    for (let next = agenda.passed(nowMs); next; next = agenda.passed(nowMs)) {
      if (next === 'not-loaded' || this.#timersLeft <= 0) return undefined
      this.#fire(next, record)
    }
    const judged = this.#judge.judge(decoded, clock)
    if ('outcome' in judged) return judged
    const { entity, timeMs } = judged.event
    // All of them in one commit, or none: another one would not know how many there were before.
    if (this.#timersLeft <= 0 && agenda.dueBefore(entity, timeMs)) return undefined
    let fired = 0
    for (let next = agenda.dueBefore(entity, timeMs); next; next = agenda.dueBefore(entity, timeMs)) {
      fired += 1
      if (fired <= MOST_BEFORE_AN_EVENT) this.#fire(next, record)
      else this.#discard(next, record)
    }
    return this.#step(judged)
  }

  #fire(due: EntityTimer, record: LogRecord): void {
    const { entity, timer } = due
    const { process } = this.#consumer
    const at = this.#take(due, record)
    const fires: Timer = { name: timer.name, dueMs: timer.dueMs, entity, ...partsOfEntity(entity) }
    const step = runStep(this.#consumer, timerCause(due), at, () =>
      onTimer(process, this.#copy.state(entity), fires),
    )
    if ('code' in step) {
      this.#fail(due, record, step, at)
      // With the timer gone, nothing would ever end the entity: its state would stay for good.
      if (step.forgets) this.#copy.forget(entity)
      return
    }
    this.#copy.take(entity, step)
    this.#copy.fired({ ...firedBefore(record, due), reason: step.reason })
  }

  #discard(due: EntityTimer, record: LogRecord): void {
    const why = `${MOST_BEFORE_AN_EVENT} timers of its entity have fired before one event, and no more of them do`
    this.#fail(due, record, fault('timer-rejected', why), this.#take(due, record))
  }

  /** The timer is no longer set. Returns where what it causes is emitted. */
  #take({ entity, timer }: EntityTimer, { offset }: LogRecord): Place {
    this.#timersLeft -= 1
    this.#copy.agenda.cancel(entity, timer.name)
    return { offset, index: this.#copy.emitted }
  }

  #fail(due: EntityTimer, record: LogRecord, why: Fault, at: Place): void {
    const failed = timerFault(due, why)
    this.#copy.send([timerLetter(this.#consumer, due, record, failed, at)])
    this.#copy.fired({ ...firedBefore(record, due), reason: failed.code, fault: failed })
  }

  /** What the process makes of the event; what cannot be stored, or is thrown, is the record's failure. */
  #step(task: Task): Decision {
    const { record, event, clock } = task
    const { process } = this.#consumer
    const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
    const at = { offset: record.offset, index: this.#copy.emitted }
    const step = runStep(this.#consumer, cause, at, () =>
      process.onEvent(this.#copy.state(event.entity), event),
    )
    if ('code' in step) return this.#judge.fail(task, step)
    this.#copy.take(event.entity, step)
    return this.#judge.processed(task, step.reason)
  }
}

function firedBefore({ offset, timestampMs: appendMs }: LogRecord, { entity, timer }: EntityTimer) {
  return { offset, appendMs, outcome: 'timer', timer: { ...timer, entity } } as const
}

function onTimer(process: KeyedProcess<unknown>, state: unknown, timer: Timer) {
  if (!process.onTimer) throw new Error(`has no onTimer any more, but a timer ${timer.name}`)
  return process.onTimer(state, timer)
}
