/** Runs the steps of a process for events and timers, and adds their results to the working copy. Pure. */
import type { LogRecord } from '../../cloudevents/record.ts'
import { parseEntity } from '../../consumer/event.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import type { StepResult, Timer } from '../../consumer/process.ts'
import type { AnyKeyedProcess } from '../consumer.ts'
import type { PartitionStopped } from '../errors.ts'
import { type Cause, eventCause, timerCause } from '../model/cause.ts'
import { MAX_ENTITY_BYTES, MAX_STEP_BYTES, MAX_TIMERS } from '../model/limits.ts'
import type { EntityTimer } from '../model/partition-state.ts'
import { checkReadable, readState } from '../model/stored-state.ts'
import {
  createTimerFailure,
  createTimerFailureRecord,
  FAILURE_RECORD_BYTES,
  timerFailureId,
} from '../outbox/failure-record.ts'
import type { EmissionPosition } from '../outbox/position.ts'
import { findPublishedFailure, type Task } from './admission.ts'
import { runStep, type StepChanges, type StepFailure } from './step-result.ts'
import type { KeyedWork } from './working-copy.ts'

/**
 * Maximum number of timers of an entity that fire before one event. Without this limit, a timer that sets itself again could fire
 * for hours between two events.
 */
const MAX_BEFORE_AN_EVENT = 1_000

/** Upper bound, in bytes, for all emissions of the timers that fire before one event. They are written in one commit. */
const MAX_BYTES_BEFORE_AN_EVENT = 2 * MAX_STEP_BYTES

const TOO_MANY = `${MAX_BEFORE_AN_EVENT} timers of its entity have fired before one event, which is the maximum`
const TOO_MUCH = `timers of its entity have emitted ${MAX_BYTES_BEFORE_AN_EVENT} bytes before one event, which is the maximum`

/** Returns an error if this code cannot read the state of the entity. The partition must then wait for code that can read it. */
export function findUnreadable({ consumer, copy }: KeyedWork, entity: string): PartitionStopped | undefined {
  const stored = copy.states.get(entity)
  return stored === undefined ? undefined : checkReadable(consumer.process, entity, stored)
}

export function fireTimer(work: KeyedWork, due: EntityTimer, record: LogRecord): void {
  const { entity, timer } = due
  const { process } = work.consumer
  const at = takeTimer(work, due, record)
  const published = findTimerFailure(work, due, record)
  if (published) {
    failTimer(work, due, record, published.failure, at)
    return
  }
  const fires: Timer = { name: timer.name, dueMs: timer.dueMs, entity, ...parseEntity(entity) }
  const step = runChecked(work, entity, timerCause(due), at, () =>
    onTimer(process, readEntityState(work, entity), fires, work.copy.context.value),
  )
  if (step.kind === 'failure') {
    failTimer(work, due, record, step, at)
    // No timer is left that could remove the entity later, so its state would remain in the store.
    if (step.forgets) work.copy.forget(entity)
    return
  }
  work.copy.applyStep(entity, step, record.offset)
  work.copy.addTimerDecision({ ...toTimerDecision(record, due), reason: step.reason })
}

export function findDueBefore(work: KeyedWork, entity: string, timeMs: number): EntityTimer | undefined {
  const { process } = work.consumer
  return work.copy.timerQueue.findDueBefore(entity, timeMs, name => process.awaitsLog?.(name) ?? false)
}

/** Fires the entity's timers that are due before an event, in one commit: the next one would not know how many have fired. */
export function fireDueBefore(work: KeyedWork, entity: string, timeMs: number, record: LogRecord): void {
  const sentBefore = work.copy.sentBytes
  let fired = 0
  for (let next = findDueBefore(work, entity, timeMs); next; next = findDueBefore(work, entity, timeMs)) {
    fired += 1
    const sentBytes = work.copy.sentBytes - sentBefore
    if (fired > MAX_BEFORE_AN_EVENT) discard(work, next, record, TOO_MANY)
    else if (sentBytes > MAX_BYTES_BEFORE_AN_EVENT) discard(work, next, record, TOO_MUCH)
    else fireTimer(work, next, record)
  }
}

/**
 * Runs the process for the event. Returns the reason of its step, or a failure.
 *
 * @param offset offset of the record that is being processed
 */
export function takeStep(work: KeyedWork, task: Task, offset: number): string | Failure {
  const published = findPublishedFailure(work, task)
  if (published) return published.failure
  const { event, clock, waitedFromMs = clock.nowMs } = task
  const { process } = work.consumer
  const cause = eventCause(event, waitedFromMs, process.allowedLatenessMs ?? 0)
  const step = runChecked(work, event.entity, cause, work.copy.placeAt(offset), () =>
    process.onEvent(readEntityState(work, event.entity), event, work.copy.context.value),
  )
  if (step.kind === 'failure') return step
  // Records of before may have parked the event, and it is unknown which.
  work.copy.applyStep(event.entity, step, task.waitedFromMs === undefined ? task.record.offset : 0)
  return step.reason
}

/** Returns the state of the entity; undefined if it has none. Throws if the state cannot be read or migrated. */
function readEntityState(work: KeyedWork, entity: string): unknown {
  const stored = work.copy.states.get(entity)
  return stored === undefined ? undefined : readState(work.consumer.process, stored)
}

function discard(work: KeyedWork, due: EntityTimer, record: LogRecord, why: string): void {
  failTimer(work, due, record, failure('timer-rejected', why), takeTimer(work, due, record))
}

/** Removes the timer from the queue. Returns the position for the first emission of the timer. */
function takeTimer(work: KeyedWork, { entity, timer }: EntityTimer, { offset }: LogRecord): EmissionPosition {
  work.copy.timersLeft -= 1
  work.copy.timerQueue.cancel(entity, timer.name)
  return work.copy.placeAt(offset)
}

function failTimer(
  work: KeyedWork,
  due: EntityTimer,
  record: LogRecord,
  why: Failure,
  at: EmissionPosition,
): void {
  const failed = createTimerFailure(due, why)
  const decision = { ...toTimerDecision(record, due), reason: failed.code, failure: failed }
  if (findTimerFailure(work, due, record)) {
    work.copy.skipEmission()
    work.copy.addTimerDecision({ ...decision, isPublished: true })
    return
  }
  work.copy.send([createTimerFailureRecord(work.consumer, due, record, failed, at)], FAILURE_RECORD_BYTES)
  work.copy.addTimerDecision(decision)
}

function findTimerFailure({ consumer, copy }: KeyedWork, { timer }: EntityTimer, { timestampMs }: LogRecord) {
  if (!copy.hasPublishedFailures) return undefined
  return copy.findPublishedFailure(timerFailureId(consumer.process.name, timer), timestampMs)
}

/** Runs a step. The step fails if the entity would exceed the limits for state or timers. */
function runChecked(
  work: KeyedWork,
  entity: string,
  cause: Cause,
  at: EmissionPosition,
  call: () => StepResult<unknown>,
): StepChanges | StepFailure {
  const step = runStep(work.consumer, cause, at, call)
  if (step.kind === 'failure') return step
  if (!work.copy.isTooLarge(entity, step)) return work.copy.checkNewEntity(entity, step) ?? step
  return failure(
    'state-too-large',
    `an entity may have at most ${MAX_ENTITY_BYTES} bytes of state and timers, and ${MAX_TIMERS} timers, but this one would have more`,
  )
}

export function toTimerDecision(
  { offset, timestampMs: appendMs }: LogRecord,
  { entity, timer }: EntityTimer,
) {
  return { offset, appendMs, outcome: 'timer', timer: { ...timer, entity } } as const
}

function onTimer(process: AnyKeyedProcess, state: unknown, timer: Timer, context: unknown) {
  if (!process.onTimer) throw new Error(`has a timer ${timer.name}, but no longer has onTimer`)
  return process.onTimer(state, timer, context)
}
