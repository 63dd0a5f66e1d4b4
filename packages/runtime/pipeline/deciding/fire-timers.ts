/** Fires timers: runs the step of the process for a timer that is due. Pure. */
import type { LogRecord } from '../../cloudevents/record.ts'
import { parseEntity } from '../../consumer/event.ts'
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import type { Timer } from '../../consumer/process.ts'
import type { AnyKeyedProcess } from '../consumer.ts'
import { timerCause } from '../model/cause.ts'
import { MAX_STEP_BYTES } from '../model/limits.ts'
import type { EntityTimer } from '../model/partition-state.ts'
import {
  createTimerFailure,
  createTimerFailureRecord,
  FAILURE_RECORD_BYTES,
  timerFailureId,
} from '../outbox/failure-record.ts'
import type { EmissionPosition } from '../outbox/position.ts'
import { applyStep, forgetEntity, readEntityState, runStep } from './run-step.ts'
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
  const step = runStep(work, entity, timerCause(due), at, () =>
    onTimer(process, readEntityState(work, entity), fires, work.copy.context.value),
  )
  if (step.kind === 'failure') {
    failTimer(work, due, record, step, at)
    // No timer is left that could remove the entity later, so its state would remain in the store.
    if (step.forgets) forgetEntity(work.copy, entity)
    return
  }
  applyStep(work.copy, entity, step, record.offset)
  work.copy.addTimerDecision({ ...toTimerDecision(record, due), reason: step.reason })
}

export function findDueBefore(work: KeyedWork, entity: string, timeMs: number): EntityTimer | undefined {
  const { process } = work.consumer
  return work.copy.timers.findDueBefore(entity, timeMs, name => process.awaitsLog?.(name) ?? false)
}

/** Fires the entity's timers that are due before an event, in one commit: the next one would not know how many have fired. */
export function fireDueBefore(work: KeyedWork, entity: string, timeMs: number, record: LogRecord): void {
  const sentBefore = work.copy.size.emittedBytes
  let fired = 0
  for (let next = findDueBefore(work, entity, timeMs); next; next = findDueBefore(work, entity, timeMs)) {
    fired += 1
    const sentBytes = work.copy.size.emittedBytes - sentBefore
    if (fired > MAX_BEFORE_AN_EVENT) discard(work, next, record, TOO_MANY)
    else if (sentBytes > MAX_BYTES_BEFORE_AN_EVENT) discard(work, next, record, TOO_MUCH)
    else fireTimer(work, next, record)
  }
}

function discard(work: KeyedWork, due: EntityTimer, record: LogRecord, why: string): void {
  failTimer(work, due, record, failure('timer-rejected', why), takeTimer(work, due, record))
}

/** Removes the timer from the queue. Returns the position for the first emission of the timer. */
function takeTimer(work: KeyedWork, { entity, timer }: EntityTimer, { offset }: LogRecord): EmissionPosition {
  work.copy.size.timersLeft -= 1
  work.copy.timers.cancel(entity, timer.name)
  return work.copy.emitted.placeAt(offset)
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
    work.copy.emitted.skip()
    work.copy.addTimerDecision({ ...decision, isPublished: true })
    return
  }
  work.copy.emitted.send(
    [createTimerFailureRecord(work.consumer, due, record, failed, at)],
    FAILURE_RECORD_BYTES,
  )
  work.copy.addTimerDecision(decision)
}

function findTimerFailure({ consumer, copy }: KeyedWork, { timer }: EntityTimer, { timestampMs }: LogRecord) {
  if (!copy.failures.hasPublished) return undefined
  return copy.failures.findPublished(timerFailureId(consumer.process.name, timer), timestampMs)
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
