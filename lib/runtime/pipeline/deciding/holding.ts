/**
 * Holds entities of which an event is retried, parks their later events, and applies those in order when they are released.
 * Everything that happens to an entity meanwhile, its timers too, then happens as if the event had not failed. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { isRetried } from '../../consumer/failure-codes.ts'
import { failureId } from '../../consumer/failure-event.ts'
import { parkingOf } from '../../consumer/parking.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { decode } from '../decode.ts'
import { digestOf } from '../failures/failure-record.ts'
import type { Decision, EndedFailure, LogClock, ParkedOutcome } from '../model.ts'
import type { BoundReason, ReleaseReason } from '../reasons.ts'
import type { Admission, AlreadyDecided, Task } from './admission.ts'
import {
  type Hold,
  holdTimer,
  logRecordOf,
  type ParkedRecord,
  parkedBytes,
  parkedBytesOf,
  parkedRecord,
} from './hold.ts'
import { firedBefore, type Steps } from './steps.ts'
import type { WorkingCopy } from './working-copy.ts'

/** A process that does not park any more, but has held entities: their next event is beyond the bound. */
const NO_PARKING = { most: 0, bytes: 0, partitionBytes: 0, forMs: 0 }

export class Holding {
  readonly #consumer: Consumer<AnyKeyedProcess>
  readonly #copy: WorkingCopy
  readonly #admission: Admission
  readonly #steps: Steps
  readonly #bounds: typeof NO_PARKING | undefined

  constructor(consumer: Consumer<AnyKeyedProcess>, copy: WorkingCopy, admission: Admission, steps: Steps) {
    this.#consumer = consumer
    this.#copy = copy
    this.#admission = admission
    this.#steps = steps
    this.#bounds = parkingOf(consumer.process)
  }

  /** Lets the process handle an event of an entity that is not held. If it fails and is retried, the entity is held. */
  step(task: Task): Decision {
    const { event, attemptAt, isTick, record, clock } = task
    const result = this.#steps.step(task, record.offset)
    if (typeof result === 'string') return this.#admission.processed(task, result)
    const isRetriable = isRetried(result.code) && !isTick
    // A later attempt holds only what has waited for it.
    const parks =
      isRetriable &&
      (attemptAt ? this.#copy.states.heldBy(attemptAt.id) !== undefined : this.#bounds !== undefined)
    const decision = this.#admission.fail(task, result, parks)
    if (!attemptAt && decision.hold === 'begins') {
      this.#admission.remember(task)
      this.#begin(event.entity, record, task.fingerprint.id, clock.nowMs, clock)
    }
    return decision
  }

  /** An event of an entity that is held for it: its next attempt. It finds the entity as it was at its first place. */
  retry(task: Task, hold: Hold): Decision {
    const { entity, timeMs } = task.event
    const { timerQueue, states } = this.#copy
    timerQueue.setAll(entity, hold.timers)
    this.#steps.fireDueBefore(entity, timeMs, task.record)
    const waitedFromMs = hold.waitsFor?.clockMs ?? task.clock.nowMs
    const decision = this.step({ ...task, waitedFromMs })
    const { waitsFor, untilMs, parked } = states.hold(entity) ?? hold
    this.#put(entity, { ...(waitsFor ? { waitsFor } : {}), untilMs, parked, timers: timerQueue.of(entity) })
    return decision
  }

  /** Parks the record. Undefined if it is beyond a bound. */
  park(task: Task, hold: Hold): Decision | undefined {
    const { most, bytes, partitionBytes } = this.#bounds ?? NO_PARKING
    const record = parkedRecord(task)
    const size = parkedBytes(record)
    if (hold.parked.length >= most || parkedBytesOf(hold) + size > bytes) return undefined
    if (this.#copy.parkedBytes + size > partitionBytes) return undefined
    this.#copy.states.setHold(task.event.entity, { ...hold, parked: [...hold.parked, record] })
    this.#copy.parked(size)
    return this.#admission.park(task)
  }

  /** What an attempt at a failure means for the entity that waits for it, if one does. */
  settled({ decision, attemptAt }: AlreadyDecided, clock: LogClock, eventId?: string): Decision {
    const entity = attemptAt && this.#copy.states.heldBy(attemptAt.id)
    if (entity === undefined) return decision
    if (decision.hold === 'begins') return { ...decision, hold: 'stays' }
    const isDone = decision.outcome !== 'failed' && decision.outcome !== 'ignored'
    const why = isDone ? 'retried' : 'failed'
    this.#release(entity, clock, isDone ? eventId : undefined)
    return { ...decision, hold: why }
  }

  /** The retries of a failure have ended. Undefined if no entity waits for it, or if its record was another one. */
  ended({ failure, digest }: EndedFailure, clock: LogClock): ReleaseReason | undefined {
    const { states } = this.#copy
    const entity = states.heldBy(failure)
    if (entity === undefined || states.hold(entity)?.waitsFor?.digest !== digest) return undefined
    this.#release(entity, clock)
    return 'ended'
  }

  /** A bound is reached: no longer waits. Counts as a timer that fires before the record. */
  giveUp(entity: string, hold: Hold, why: 'full' | 'time', record: LogRecord, clock: LogClock): void {
    const timer = holdTimer(this.#consumer.process.name, entity, hold)
    this.#steps.spend()
    this.#release(entity, clock)
    const reason: BoundReason = `parking-${why}`
    this.#copy.fired({ ...firedBefore(record, { entity, timer }), reason, hold: why })
  }

  /** Forgets the hold of an erased entity, and its parked events. */
  erase(entity: string, hold: Hold, clock: LogClock): void {
    if (hold.waitsFor) this.#copy.forgetId(hold.waitsFor.eventId, clock.nowMs)
    this.#copy.states.setHold(entity, undefined)
    this.#copy.unparked(parkedBytesOf(hold))
    for (const { offset, timestampMs: appendMs } of hold.parked)
      this.#copy.noted({ offset, appendMs, outcome: 'parked-erased', reason: 'erased' })
  }

  /** The next step of a released entity: a timer that fires before its next parked event, or that event. */
  goOn(entity: string, hold: Hold, record: LogRecord, clock: LogClock): void {
    const { timerQueue, states } = this.#copy
    const [next, ...rest] = hold.parked as [ParkedRecord, ...ParkedRecord[]]
    states.setHold(entity, undefined)
    timerQueue.setAll(entity, hold.timers)
    const [timer] = timerQueue.of(entity)
    if (timer && timer.thresholdMs < next.clockMs) {
      this.#steps.fire({ entity, timer }, record)
      this.#put(entity, { ...hold, timers: timerQueue.of(entity) })
      return
    }
    this.#steps.spend()
    this.#copy.unparked(parkedBytes(next))
    const decision = this.#unpark(next, record, clock)
    this.#copy.fired(decision)
    const untilMs = hold.untilMs
    if (decision.hold === 'begins') {
      this.#begin(entity, logRecordOf(next, record), next.id, next.clockMs, clock, rest)
    } else this.#put(entity, { untilMs, parked: rest, timers: timerQueue.of(entity) })
  }

  /** Decides a parked record, by the code that runs now. */
  #unpark(parked: ParkedRecord, during: LogRecord, clock: LogClock): Decision {
    const { clockMs: waitedFromMs, attemptAt, id } = parked
    const decoded = decode(logRecordOf(parked, during), this.#consumer)
    const of = (decision: Decision): Decision => ({
      ...decision,
      outcome: `parked-${decision.outcome}` as ParkedOutcome,
    })
    const failing = { ...decoded, clock, attemptAt }
    if (decoded.kind === 'ignored') {
      const { offset, timestampMs: appendMs } = decoded.record
      return { offset, appendMs, outcome: 'parked-ignored', reason: decoded.reason }
    }
    if (decoded.kind === 'failed') {
      this.#copy.forgetId(id, clock.nowMs)
      return of(this.#admission.fail(failing, decoded.failure, false, during))
    }
    const task: Task = { ...decoded, clock, attemptAt, waitedFromMs }
    this.#steps.fireDueBefore(task.event.entity, task.event.timeMs, during)
    const result = this.#steps.step(task, during.offset)
    if (typeof result === 'string') return of(this.#admission.processed(task, result))
    const parks = this.#bounds !== undefined && isRetried(result.code) && !attemptAt
    const decision = this.#admission.fail(task, result, parks, during)
    // A repeat of an event that has failed, and is not waited for, is a new event.
    if (decision.hold !== 'begins') this.#copy.forgetId(id, clock.nowMs)
    return of(decision)
  }

  #begin(
    entity: string,
    failed: LogRecord,
    eventId: string,
    clockMs: number,
    { nowMs }: LogClock,
    parked: readonly ParkedRecord[] = [],
  ): void {
    const untilMs = (parked[0]?.clockMs ?? nowMs) + (this.#bounds ?? NO_PARKING).forMs
    const timers = this.#copy.timerQueue.of(entity)
    const failure = failureId(this.#consumer.process.name, failed)
    const waitsFor = { failure, eventId, digest: digestOf(failed), clockMs }
    this.#put(entity, { waitsFor, untilMs, parked, timers })
  }

  /** @param eventId of the event that was processed; the id of an event that was not is forgotten */
  #release(entity: string, { nowMs }: LogClock, eventId?: string): void {
    const { waitsFor, ...released } = this.#copy.states.hold(entity) as Hold
    if (waitsFor && waitsFor.eventId !== eventId) this.#copy.forgetId(waitsFor.eventId, nowMs)
    this.#put(entity, released)
  }

  /** Sets the hold of an entity, or ends it if there is nothing left to wait for. */
  #put(entity: string, hold: Hold): void {
    const { states, timerQueue } = this.#copy
    const isOver = !hold.waitsFor && hold.parked.length === 0
    states.setHold(entity, isOver ? undefined : hold)
    timerQueue.setAll(entity, isOver ? hold.timers : [holdTimer(this.#consumer.process.name, entity, hold)])
  }
}
