/**
 * Holds an entity while one of its events is retried, parks its later events, and applies them in order when the entity is
 * released. The results for the entity, including its timers, are the same as if the event had not failed. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { isRetried } from '../../consumer/failure-codes.ts'
import { failureId } from '../../consumer/failure-event.ts'
import { resolveParking } from '../../consumer/parking.ts'
import { decode } from '../decoding/decode.ts'
import type { Decision, ParkedOutcome } from '../model/decision.ts'
import type { EndedFailure } from '../model/failure-memory.ts'
import { computeDigest } from '../model/fingerprint.ts'
import {
  createHoldTimer,
  type Hold,
  measureHold,
  measureParkedRecord,
  type ParkedRecord,
  toLogRecord,
  toParkedRecord,
} from '../model/hold.ts'
import type { LogClock } from '../model/log.ts'
import type { BoundReason, ReleaseReason } from '../model/reasons.ts'
import type { DecidedRecord } from './admission.ts'
import { fireDueBefore, fireTimer, toTimerDecision } from './fire-timers.ts'
import { takeStep } from './run-step.ts'
import { completeTask, createDecision, fail, parkTask, remember, type Task } from './task.ts'
import type { KeyedWork, WorkingCopy } from './working-copy.ts'

/** Limits for entities that are still held although their process no longer parks events: their next event ends the hold. */
const NO_PARKING = { most: 0, bytes: 0, partitionBytes: 0, forMs: 0 }

/** Processes an event of an entity that is not held. If the event fails and will be retried, the entity is held. */
export function stepOrHold(work: KeyedWork, task: Task): Decision {
  const { event, attemptAt, isTick, record, clock } = task
  const result = takeStep(work, task, record.offset)
  if (typeof result === 'string') return completeTask(work, task, result)
  const isRetriable = isRetried(result.code) && !isTick
  // After a failed retry, the entity is held only if it was already waiting for this failure.
  const parks =
    isRetriable &&
    (attemptAt
      ? work.copy.states.findHeldEntity(attemptAt.id) !== undefined
      : resolveParking(work.consumer.process) !== undefined)
  const decision = fail(work, task, result, parks)
  if (!attemptAt && decision.hold === 'begins') {
    remember(work, task)
    beginHold(work, event.entity, record, task.fingerprint.id, clock.nowMs, clock)
  }
  return decision
}

/** Decides a retry of the event for which its entity waits. The entity still has the state from the event's original position. */
export function retry(work: KeyedWork, task: Task, hold: Hold): Decision {
  const { entity, timeMs } = task.event
  const { timers, states } = work.copy
  timers.setAll(entity, hold.timers)
  fireDueBefore(work, entity, timeMs, task.record)
  const waitedFromMs = hold.waitsFor?.clockMs ?? task.clock.nowMs
  const decision = stepOrHold(work, { ...task, waitedFromMs })
  putHold(work, entity, { ...(states.getHold(entity) ?? hold), timers: timers.get(entity) })
  return decision
}

/** Parks the record. Returns undefined, and parks nothing, if a parking limit would be exceeded. */
export function park(work: KeyedWork, task: Task, hold: Hold): Decision | undefined {
  const { most, bytes, partitionBytes } = resolveParking(work.consumer.process) ?? NO_PARKING
  const record = toParkedRecord(task)
  const size = measureParkedRecord(record)
  if (hold.parked.length >= most || measureHold(hold) + size > bytes) return undefined
  if (work.copy.states.parkedBytes + size > partitionBytes) return undefined
  work.copy.states.setHold(task.event.entity, { ...hold, parked: [...hold.parked, record] })
  work.copy.states.parkedBytes += size
  work.copy.size.storedBytes += size
  return parkTask(work, task)
}

/** Releases the waiting entity or keeps it held, depending on the outcome of the retry. */
export function updateHold(
  work: KeyedWork,
  { decision, attemptAt }: Pick<DecidedRecord, 'decision' | 'attemptAt'>,
  clock: LogClock,
  eventId?: string,
): Decision {
  const entity = attemptAt && work.copy.states.findHeldEntity(attemptAt.id)
  if (entity === undefined) return decision
  if (decision.hold === 'begins') return { ...decision, hold: 'stays' }
  const isDone = decision.outcome !== 'failed' && decision.outcome !== 'ignored'
  const why = isDone ? 'retried' : 'failed'
  releaseEntity(work, entity, clock, isDone ? eventId : undefined)
  return { ...decision, hold: why }
}

/**
 * Releases the entity when the retries of its failure have ended. Returns undefined if no entity waits for this failure, or if the
 * event refers to another record.
 */
export function endRetries(
  work: KeyedWork,
  { failure, digest }: EndedFailure,
  clock: LogClock,
): ReleaseReason | undefined {
  const { states } = work.copy
  const entity = states.findHeldEntity(failure)
  if (entity === undefined || states.getHold(entity)?.waitsFor?.digest !== digest) return undefined
  releaseEntity(work, entity, clock)
  return 'ended'
}

/** Ends the hold because a parking limit is reached. This is recorded as the decision of a timer that fires before the record. */
export function endHold(
  work: KeyedWork,
  entity: string,
  hold: Hold,
  why: 'full' | 'time',
  record: LogRecord,
  clock: LogClock,
): void {
  const timer = createHoldTimer(work.consumer.process.name, entity, hold)
  work.copy.size.timersLeft -= 1
  releaseEntity(work, entity, clock)
  const reason: BoundReason = `parking-${why}`
  work.copy.addTimerDecision({ ...toTimerDecision(record, { entity, timer }), reason, hold: why })
}

export function eraseHold(work: KeyedWork, entity: string, hold: Hold, clock: LogClock): void {
  if (hold.waitsFor) work.copy.ids.forget(hold.waitsFor.eventId, clock.nowMs)
  work.copy.states.setHold(entity, undefined)
  removeParkedBytes(work.copy, measureHold(hold))
  for (const { offset, timestampMs: appendMs } of hold.parked)
    work.copy.addDecision({ offset, appendMs, outcome: 'parked-erased', reason: 'erased' })
}

/** Runs the next step of a released entity. The step is its next parked event, or a timer that is due before that event. */
export function continueEntity(
  work: KeyedWork,
  entity: string,
  hold: Hold,
  record: LogRecord,
  clock: LogClock,
): void {
  const { timers, states } = work.copy
  const [next, ...rest] = hold.parked as [ParkedRecord, ...ParkedRecord[]]
  states.setHold(entity, undefined)
  timers.setAll(entity, hold.timers)
  const [timer] = timers.get(entity)
  if (timer && timer.thresholdMs < next.clockMs) {
    fireTimer(work, { entity, timer }, record)
    putHold(work, entity, { ...hold, timers: timers.get(entity) })
    return
  }
  work.copy.size.timersLeft -= 1
  removeParkedBytes(work.copy, measureParkedRecord(next))
  const decision = unpark(work, next, record, clock)
  work.copy.addTimerDecision(decision)
  const untilMs = hold.untilMs
  if (decision.hold === 'begins') {
    beginHold(work, entity, toLogRecord(next, record), next.id, next.clockMs, clock, rest)
  } else putHold(work, entity, { untilMs, parked: rest, timers: timers.get(entity) })
}

/** Decides a parked record with the present code, which may be newer than the code that has parked the record. */
function unpark(work: KeyedWork, parked: ParkedRecord, during: LogRecord, clock: LogClock): Decision {
  const { clockMs: waitedFromMs, attemptAt, id } = parked
  const decoded = decode(toLogRecord(parked, during), work.consumer)
  const toParkedDecision = (decision: Decision): Decision => ({
    ...decision,
    outcome: `parked-${decision.outcome}` as ParkedOutcome,
  })
  const failing = { ...decoded, clock, attemptAt }
  if (decoded.kind === 'ignored') {
    return createDecision({ record: decoded.record }, 'parked-ignored', decoded.reason)
  }
  if (decoded.kind === 'failed') {
    work.copy.ids.forget(id, clock.nowMs)
    return toParkedDecision(fail(work, failing, decoded.failure, false, during))
  }
  const task: Task = { ...decoded, clock, attemptAt, waitedFromMs }
  fireDueBefore(work, task.event.entity, task.event.timeMs, during)
  const result = takeStep(work, task, during.offset)
  if (typeof result === 'string') return toParkedDecision(completeTask(work, task, result))
  const parks = resolveParking(work.consumer.process) !== undefined && isRetried(result.code) && !attemptAt
  const decision = fail(work, task, result, parks, during)
  // If the entity does not wait for the failed event, a repeat of the event must be treated as a new event.
  if (decision.hold !== 'begins') work.copy.ids.forget(id, clock.nowMs)
  return toParkedDecision(decision)
}

function beginHold(
  work: KeyedWork,
  entity: string,
  failed: LogRecord,
  eventId: string,
  clockMs: number,
  { nowMs }: LogClock,
  parked: readonly ParkedRecord[] = [],
): void {
  const untilMs = (parked[0]?.clockMs ?? nowMs) + (resolveParking(work.consumer.process) ?? NO_PARKING).forMs
  const timers = work.copy.timers.get(entity)
  const failure = failureId(work.consumer.process.name, failed)
  const waitsFor = { failure, eventId, digest: computeDigest(failed), clockMs }
  putHold(work, entity, { waitsFor, untilMs, parked, timers })
}

/** @param eventId id of the processed event. If the entity waited for another event, the id of the other event is forgotten. */
function releaseEntity(work: KeyedWork, entity: string, { nowMs }: LogClock, eventId?: string): void {
  const { waitsFor, ...released } = work.copy.states.getHold(entity) as Hold
  if (waitsFor && waitsFor.eventId !== eventId) work.copy.ids.forget(waitsFor.eventId, nowMs)
  putHold(work, entity, released)
}

function removeParkedBytes({ states }: WorkingCopy, bytes: number): void {
  // A negative size would raise the limit. It could occur because an earlier version parked events without counting their bytes.
  states.parkedBytes = Math.max(0, states.parkedBytes - bytes)
}

/** Sets the hold of an entity. Removes it if the entity waits for no failure and has no parked events. */
function putHold(work: KeyedWork, entity: string, hold: Hold): void {
  const { states, timers } = work.copy
  const isOver = !hold.waitsFor && hold.parked.length === 0
  states.setHold(entity, isOver ? undefined : hold)
  timers.setAll(entity, isOver ? hold.timers : [createHoldTimer(work.consumer.process.name, entity, hold)])
}
