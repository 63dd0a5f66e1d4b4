/** Runs a step of the process for an entity, and adds its result to the working copy. Pure. */
import { type Failure, failure } from '../../consumer/failure-codes.ts'
import type { StepResult } from '../../consumer/process.ts'
import type { PartitionStopped } from '../errors.ts'
import { type Cause, eventCause } from '../model/cause.ts'
import { MAX_ENTITY_BYTES, MAX_TIMERS } from '../model/limits.ts'
import type { StoredTimer } from '../model/partition-state.ts'
import { beginAt, checkReadable, getSince, readState, toText } from '../model/stored-state.ts'
import type { EmissionPosition } from '../outbox/position.ts'
import { evaluateStep, type StepChanges, type StepFailure } from './step-result.ts'
import { findPublishedFailure, type Task } from './task.ts'
import type { KeyedWork, WorkingCopy } from './working-copy.ts'

/** Returns an error if this code cannot read the state of the entity. The partition must then wait for code that can read it. */
export function findUnreadable({ consumer, copy }: KeyedWork, entity: string): PartitionStopped | undefined {
  const stored = copy.states.get(entity)
  return typeof stored === 'string' ? checkReadable(consumer.process, entity, stored) : undefined
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
  const place = work.copy.emitted.placeAt(offset, task.redriveTarget?.place?.topic)
  const step = runStep(work, event.entity, cause, place, () =>
    process.onEvent(readEntityState(work, event.entity), event, work.copy.context.value),
  )
  if (step.kind === 'failure') return step
  // Earlier records may have parked the event, and it is unknown which.
  applyStep(work.copy, event.entity, step, task.waitedFromMs === undefined ? task.record.offset : 0)
  return step.reason
}

/** Returns the state of the entity; undefined if it has none. Throws if the state cannot be read or migrated. */
export function readEntityState(work: KeyedWork, entity: string): unknown {
  const stored = work.copy.states.get(entity)
  return typeof stored === 'string' ? readState(work.consumer.process, stored) : stored?.value
}

/** Runs a step. The step fails if the entity would exceed the limits for state or timers. */
export function runStep(
  work: KeyedWork,
  entity: string,
  cause: Cause,
  at: EmissionPosition,
  call: () => StepResult<unknown>,
): StepChanges | StepFailure {
  const step = evaluateStep(work.consumer, cause, at, call)
  if (step.kind === 'failure') return step
  if (!isTooLarge(work.copy, entity, step)) return checkNewEntity(work.copy, entity, step) ?? step
  return failure(
    'state-too-large',
    `an entity may have at most ${MAX_ENTITY_BYTES} bytes of state and timers, and ${MAX_TIMERS} timers, but this one would have more`,
  )
}

/** Adds the result of a step. @param offset first offset of the record that has caused the step */
export function applyStep(copy: WorkingCopy, entity: string, step: StepChanges, offset: number): void {
  const { entries, emittedBytes, set, cancelled } = step
  const { states, timers, size } = copy
  const before = states.get(entity)
  const since = before === undefined ? offset : getSince(before)
  const state = step.state === null ? null : beginAt(step.state, since)
  size.storedBytes += (state?.length ?? 0) - (states.getChange(entity)?.length ?? 0) + estimateTimerBytes(set)
  if (state === null) forgetEntity(copy, entity)
  else {
    states.newEntities.update(entity, before, state, copy.progress.clock.nowMs)
    states.set(entity, state)
  }
  for (const name of cancelled) timers.cancel(entity, name)
  for (const timer of set) timers.set(entity, timer)
  copy.emitted.send(entries, emittedBytes)
  if (step.context !== undefined) copy.context.replace(step.context)
}

export function forgetEntity({ states, timers, progress }: WorkingCopy, entity: string): void {
  states.newEntities.update(entity, states.get(entity), undefined, progress.clock.nowMs)
  states.set(entity, null)
  timers.cancelAll(entity)
}

/** Returns true if a step would leave an entity with more state or timers than the limits allow. */
function isTooLarge(copy: WorkingCopy, entity: string, { state, set, cancelled }: StepChanges): boolean {
  if (state === null) return false
  const own = copy.timers.get(entity)
  // Measure exactly only near the limits: a UTF-16 unit takes at most three bytes in UTF-8.
  const upper = state.length * 3 + estimateTimerBytes(own) + estimateTimerBytes(set)
  if (upper <= MAX_ENTITY_BYTES && own.length + set.length <= MAX_TIMERS) return false
  const gone = new Set([...cancelled, ...set.map(({ name }) => name)])
  const timers = [...own.filter(({ name }) => !gone.has(name)), ...set]
  const bytes = Buffer.byteLength(toText(state)) + Buffer.byteLength(JSON.stringify(timers))
  return bytes > MAX_ENTITY_BYTES || timers.length > MAX_TIMERS
}

/** Returns a failure if the step would exceed the limit for new entities; otherwise undefined. */
function checkNewEntity(
  { states, progress }: WorkingCopy,
  entity: string,
  { state }: StepChanges,
): Failure | undefined {
  if (state === null) return undefined
  return states.newEntities.checkLimit(entity, states.get(entity), state, progress.clock.nowMs)
}

/** Returns an upper bound for the size of the timers as JSON. A character of a timer's name can take up to six bytes. */
function estimateTimerBytes(timers: readonly StoredTimer[]): number {
  return timers.reduce((sum, { name }) => sum + TIMER_BYTES + 6 * name.length, 0)
}

/** Upper bound for the size of a timer without its name, in bytes: id, times and trace context. */
const TIMER_BYTES = 1024
