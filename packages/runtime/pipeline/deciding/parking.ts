/**
 * Holds an entity while one of its events is retried, parks its later events, and applies them in order when the entity is
 * released. The results for the entity, including its timers, are the same as if the event had not failed. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { isRetried } from '../../consumer/failure-codes.ts'
import { failureId } from '../../consumer/failure-event.ts'
import { resolveParking } from '../../consumer/parking.ts'
import { type Decoded, decode } from '../decoding/decode.ts'
import { mustHold } from '../invariants.ts'
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
import type { BoundReason } from '../model/reasons.ts'
import type { DecidedRecord } from './admission.ts'
import { fireDueBefore, fireTimer, toTimerDecision } from './fire-timers.ts'
import { takeStep } from './run-step.ts'
import { completeTask, createDecision, fail, parkTask, remember, type Task } from './task.ts'
import type { KeyedWork } from './working-copy.ts'

/** Limits for entities that are still held although their process no longer parks events: their next event ends the hold. */
const NO_PARKING = { most: 0, bytes: 0, partitionBytes: 0, forMs: 0 }

/**
 * Processes an event of an entity that is not held. If the event fails and will be retried, the entity is held.
 *
 * @param during record that is currently being processed; it differs from that of the event if the event was parked
 * @param parked later events of the entity that are parked already
 */
export function stepOrHold(
  work: KeyedWork,
  task: Task,
  during = task.record,
  parked: readonly ParkedRecord[] = [],
): Decision {
  const { event, attemptAt, isTick, record, clock, fingerprint, waitedFromMs } = task
  const { states, timers } = work.copy
  const { process } = work.consumer
  const result = takeStep(work, task, during.offset)
  if (typeof result === 'string') return completeTask(work, task, result)
  const limits = resolveParking(process)
  // After a failed retry, the entity is held only if it was already waiting for this failure.
  const mayHold = attemptAt ? states.findHeld(attemptAt.id) : limits !== undefined
  const decision = fail(work, task, result, mayHold && isRetried(result.code) && !isTick, during)
  if (attemptAt || decision.hold !== 'begins') return decision
  if (waitedFromMs === undefined) remember(work, task)
  const waitsFor = {
    failure: failureId(process.name, record),
    eventId: fingerprint.id,
    digest: computeDigest(record),
    clockMs: waitedFromMs ?? clock.nowMs,
  }
  const untilMs = (parked[0]?.clockMs ?? clock.nowMs) + (limits ?? NO_PARKING).forMs
  putHold(work, event.entity, { waitsFor, untilMs, parked, timers: timers.get(event.entity) }, clock)
  return decision
}

/** Decides a retry of the event for which its entity waits. The entity still has the state from the event's original position. */
export function retry(work: KeyedWork, task: Task, hold: Hold): Decision {
  const { entity, timeMs } = task.event
  const { timers } = work.copy
  timers.setAll(entity, hold.timers)
  fireDueBefore(work, entity, timeMs, task.record)
  const waitedFromMs = hold.waitsFor?.clockMs ?? task.clock.nowMs
  const decision = stepOrHold(work, { ...task, waitedFromMs })
  putHold(work, entity, { ...hold, timers: timers.get(entity) }, task.clock)
  return decision
}

/** Parks the record. Returns undefined, and parks nothing, if a parking limit would be exceeded. */
export function park(work: KeyedWork, task: Task, hold: Hold): Decision | undefined {
  // The parked events of a released entity are applied before its next event.
  mustHold(hold.waitsFor !== undefined, 'waits-before-parking', () => `offset ${task.record.offset} is next`)
  const { most, bytes, partitionBytes } = resolveParking(work.consumer.process) ?? NO_PARKING
  const record = toParkedRecord(task)
  const size = measureParkedRecord(record)
  if (hold.parked.length >= most || measureHold(hold) + size > bytes) return undefined
  if (work.copy.states.parkedBytes + size > partitionBytes) return undefined
  putHold(work, task.event.entity, { ...hold, parked: [...hold.parked, record] }, task.clock)
  work.copy.states.addParkedBytes(size)
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
  const held = attemptAt && work.copy.states.findHeld(attemptAt.id)
  if (!held) return decision
  if (decision.hold === 'begins') return { ...decision, hold: 'stays' }
  const isDone = decision.outcome !== 'failed' && decision.outcome !== 'ignored'
  const why = isDone ? 'retried' : 'failed'
  putHold(work, held.entity, toReleased(held.hold), clock, isDone ? eventId : undefined)
  return { ...decision, hold: why }
}

/**
 * Decides an event that marks the retries of a failure as ended, and releases the entity that waits for the failure. The event is
 * ignored if the failure is unknown, or if the event refers to another record.
 */
export function endRetries(
  work: KeyedWork,
  { failure, digest }: EndedFailure,
  decoded: Decoded,
  clock: LogClock,
): Decision {
  const held = work.copy.states.findHeld(failure)
  if (held?.hold.waitsFor?.digest !== digest) return createDecision(decoded, 'ignored', 'failure-ended')
  putHold(work, held.entity, toReleased(held.hold), clock)
  return { ...createDecision(decoded, 'applied', 'failure-ended'), hold: 'ended' }
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
  putHold(work, entity, toReleased(hold), clock)
  const reason: BoundReason = `parking-${why}`
  work.copy.addTimerDecision({ ...toTimerDecision(record, { entity, timer }), reason, hold: why })
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
  timers.setAll(entity, hold.timers)
  const [timer] = timers.get(entity)
  if (timer && timer.thresholdMs < next.clockMs) {
    fireTimer(work, { entity, timer }, record)
    putHold(work, entity, { ...hold, timers: timers.get(entity) }, clock)
    return
  }
  work.copy.size.timersLeft -= 1
  states.addParkedBytes(-measureParkedRecord(next))
  const decision = unpark(work, next, rest, record, clock)
  work.copy.addTimerDecision(decision)
  if (decision.hold !== 'begins')
    putHold(work, entity, { ...hold, parked: rest, timers: timers.get(entity) }, clock)
}

/**
 * Decides a parked record with the present code, which may be newer than the code that has parked the record.
 *
 * @param rest events of the entity that stay parked
 */
function unpark(
  work: KeyedWork,
  parked: ParkedRecord,
  rest: readonly ParkedRecord[],
  during: LogRecord,
  clock: LogClock,
): Decision {
  const { clockMs: waitedFromMs, attemptAt } = parked
  const decoded = decode(toLogRecord(parked, during), work.consumer)
  const { record } = decoded
  let decision: Decision
  if (decoded.kind === 'ignored') decision = createDecision({ record }, 'ignored', decoded.reason)
  else if (decoded.kind === 'failed')
    decision = fail(work, { ...decoded, clock, attemptAt }, decoded.failure, false, during)
  else {
    const { entity, timeMs } = decoded.event
    fireDueBefore(work, entity, timeMs, during)
    decision = stepOrHold(work, { ...decoded, clock, attemptAt, waitedFromMs }, during, rest)
  }
  // If the entity does not wait for the failed event, a repeat of the event must be treated as a new event.
  if (decision.outcome === 'failed' && decision.hold !== 'begins')
    work.copy.ids.forget(parked.id, clock.nowMs)
  return { ...decision, outcome: `parked-${decision.outcome}` as ParkedOutcome }
}

/** Returns the hold of an entity that waits no longer. */
function toReleased({ waitsFor: _, ...released }: Hold): Hold {
  return released
}

/**
 * Sets what the hold of an entity has become, with the timers that follow from it. The id of an event that the entity no longer waits
 * for is forgotten, unless that event was processed.
 *
 * @param processedId id of the event that was processed
 */
function putHold(
  work: KeyedWork,
  entity: string,
  hold: Hold,
  { nowMs }: LogClock,
  processedId?: string,
): void {
  const { states, timers, ids } = work.copy
  const awaited = states.getHold(entity)?.waitsFor
  if (awaited && !hold.waitsFor && awaited.eventId !== processedId) ids.forget(awaited.eventId, nowMs)
  const isOver = !hold.waitsFor && hold.parked.length === 0
  states.setHold(entity, isOver ? undefined : hold)
  const timer = createHoldTimer(work.consumer.process.name, entity, hold)
  if (isOver) timers.setAll(entity, hold.timers)
  else if (timers.get(entity)[0]?.id !== timer.id) timers.setAll(entity, [timer])
}
