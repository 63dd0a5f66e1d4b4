/**
 * Decides the records of a chunk with a process, in order. Before a record is applied, all timers that become due at its time fire. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { completeStep, contextTypes, type Emission } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import type { PartitionStopped } from '../errors.ts'
import { eventCause } from '../model/cause.ts'
import type { Decision, Deferred } from '../model/decision.ts'
import type { EndedFailure } from '../model/failure-memory.ts'
import { advance, clockGapMs, getClockMs, type LogClock } from '../model/log.ts'
import type { ErasureReason, IgnoredReason } from '../model/reasons.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import { readState } from '../model/stored-state.ts'
import { admit, type DecidedRecord, isRepeatedEmission } from './admission.ts'
import { findDueBefore, fireDueBefore, fireTimer } from './fire-timers.ts'
import {
  continueEntity,
  endHold,
  endRetries,
  eraseHold,
  park,
  retry,
  stepOrHold,
  updateHold,
} from './parking.ts'
import { findUnreadable, forgetEntity } from './run-step.ts'
import { evaluateStep, type StepChanges, type StepFailure } from './step-result.ts'
import { completeTask, createDecision, fail, findPublishedFailure, type Task } from './task.ts'
import { type KeyedWork, toChange, WorkingCopy } from './working-copy.ts'

export interface ApplyResult {
  readonly decisions: readonly Decision[]
  readonly change: Change
  /** Clock gaps: periods that the log's clock did not count. Each has the offset of the first record after the gap. */
  readonly clockGap: readonly { readonly beforeOffset: number; readonly ms: number }[]
  readonly deferred?: Deferred
  /** Error message if the stored context cannot be read; undefined if it was read, or if no step needed it. */
  readonly unreadableContext?: string | undefined
}

/**
 * Decides as many records of the chunk as fit into one commit; if many timers fire, the commit may contain only a part of the
 * chunk. The chunk must contain at least one record, and only records after the snapshot's applied offset. Chunk boundaries never
 * affect the decisions.
 */
export function apply(
  consumer: Consumer<AnyKeyedProcess>,
  snapshot: Snapshot,
  chunk: Iterable<Decoded>,
): ApplyResult {
  const copy = new WorkingCopy(consumer, snapshot)
  const work = { consumer, copy }
  const clockGap: { beforeOffset: number; ms: number }[] = []
  for (const decoded of chunk) {
    if (copy.size.isFull) break
    const { offset } = decoded.record
    const appendMs = getClockMs(decoded.record)
    const ms = clockGapMs(copy.progress.clock, appendMs)
    const clock = advance(copy.progress.clock, appendMs)
    const outcome = decide(work, decoded, clock)
    if (outcome.kind === 'full') break
    if (outcome.kind === 'deferred')
      return {
        decisions: copy.decisions,
        change: toChange(consumer, copy),
        clockGap,
        deferred: outcome.deferred,
      }
    copy.applyDecision(decoded.record, clock, outcome.decision)
    if (ms > 0) clockGap.push({ beforeOffset: offset, ms })
  }
  const { unreadable } = copy.context
  return {
    decisions: copy.decisions,
    change: toChange(consumer, copy),
    clockGap,
    unreadableContext: unreadable,
  }
}

type Outcome =
  | DecidedRecord
  | { readonly kind: 'full' }
  | { readonly kind: 'deferred'; readonly deferred: Deferred }

const FULL: Outcome = { kind: 'full' }

function decide(work: KeyedWork, decoded: Decoded, clock: LogClock): Outcome {
  const stopped = fireTimers(work, decoded.record, clock)
  if (stopped) return stopped
  const endedFailure = decoded.kind === 'ignored' ? decoded.endedFailure : undefined
  if (endedFailure !== undefined && !isRepeatedEmission(work, decoded))
    return applyFailureEnded(work, endedFailure, decoded, clock)
  const admitted = admit(work, decoded, clock)
  if (admitted.kind === 'decided') return toOutcome(updateHold(work, admitted, clock))
  const { task } = admitted
  const { event, attemptAt, fingerprint } = task
  const { application, process } = work.consumer
  const isErasure = event.type === application.erasureType
  // An erasure can remove a state of another version without reading it, unless the process defines `onErase`.
  const unreadable = isErasure && !process.onErase ? undefined : findUnreadable(work, event.entity)
  if (unreadable) return toDeferredOutcome(unreadable)
  const outcome = isErasure ? toOutcome(eraseEntity(work, task)) : processTask(work, task)
  if (outcome.kind !== 'decided') return outcome
  return toOutcome(updateHold(work, { ...outcome, attemptAt }, clock, fingerprint.id))
}

/** Fires all timers whose threshold the clock has passed, and applies the parked events of entities that were released. */
function fireTimers(work: KeyedWork, record: LogRecord, clock: LogClock): Outcome | undefined {
  const { timers, states } = work.copy
  for (let next = timers.findPassed(clock.nowMs); next; next = timers.findPassed(clock.nowMs)) {
    if (next === 'not-loaded' || work.copy.size.isFullOfTimers) return FULL
    const unreadable = findUnreadable(work, next.entity)
    if (unreadable) return toDeferredOutcome(unreadable)
    const hold = states.getHold(next.entity)
    if (!hold) fireTimer(work, next, record)
    else if (hold.waitsFor) endHold(work, next.entity, hold, 'time', record, clock)
    else continueEntity(work, next.entity, hold, record, clock)
  }
  return undefined
}

function processTask(work: KeyedWork, task: Task): Outcome {
  const { record, event, clock } = task
  const { process } = work.consumer
  const setsContext = process.context && contextTypes(process.context).includes(event.type)
  while (true) {
    const hold = work.copy.states.getHold(event.entity)
    if (!hold) break
    // A context belongs to the partition rather than to the entity, so it does not wait for the entity's events.
    if (setsContext) return toOutcome(setContext(work, task))
    if (task.isTick) return toOutcome(completeTask(work, task, 'tick' satisfies IgnoredReason))
    if (work.copy.size.isFullOfTimers) return FULL
    if (task.attemptAt && task.attemptAt.id === hold.waitsFor?.failure)
      return toOutcome(retry(work, task, hold))
    const parked = park(work, task, hold)
    if (parked) return toOutcome(parked)
    endHold(work, event.entity, hold, 'full', record, clock)
    const stopped = fireTimers(work, record, clock)
    if (stopped) return stopped
  }
  // All timers that are due before the event must fire in one commit: the next commit could not determine how many have fired
  // already.
  if (work.copy.size.isFullOfTimers && findDueBefore(work, event.entity, event.timeMs)) return FULL
  fireDueBefore(work, event.entity, event.timeMs, record)
  return toOutcome(setsContext ? setContext(work, task) : stepOrHold(work, task))
}

function setContext(work: KeyedWork, task: Task): Decision {
  const set = findPublishedFailure(work, task)?.failure ?? work.copy.context.set(task.event)
  return typeof set === 'string' ? completeTask(work, task, set) : fail(work, task, set)
}

/**
 * Removes the state of the entity, its hold, and all its timers, even if they are overdue. The ids of its events remain known,
 * because otherwise an event from before the erasure could be applied again. If `onErase` throws or its emissions cannot be
 * written, the record fails, but the entity is erased anyway.
 */
function eraseEntity(work: KeyedWork, task: Task): Decision {
  const { copy } = work
  const { entity } = task.event
  const hold = copy.states.getHold(entity)
  if (hold) eraseHold(work, entity, hold, task.clock)
  const stored = copy.states.get(entity)
  if (stored === undefined && !hold)
    return completeTask(work, task, 'nothing-to-erase' satisfies ErasureReason)
  const last = stored === undefined ? undefined : runEraseStep(work, task, stored)
  forgetEntity(copy, entity)
  const failed = findPublishedFailure(work, task)?.failure ?? (last?.kind === 'failure' ? last : undefined)
  if (!failed && last?.kind === 'stored') copy.emitted.send(last.entries, last.emittedBytes)
  const decision = failed
    ? fail(work, task, failed)
    : completeTask(work, task, 'erased' satisfies ErasureReason)
  return hold?.waitsFor ? { ...decision, hold: 'erased' } : decision
}

function runEraseStep(
  { consumer, copy }: KeyedWork,
  { record, event, clock }: Task,
  stored: string,
): StepChanges | StepFailure | undefined {
  const { process } = consumer
  if (!process.onErase) return undefined
  const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
  return evaluateStep(consumer, cause, copy.emitted.placeAt(record.offset), () => {
    const emit = process.onErase?.(readState(process, stored), event, copy.context.value)
    // A process can bypass the type. A result that is not an array is passed on and then reported as an invalid step.
    return Array.isArray(emit) ? completeStep('erased', undefined, emit as Emission[]) : (emit as never)
  })
}

/** Handles an event that marks the retries of a failure as ended. */
function applyFailureEnded(
  work: KeyedWork,
  failure: EndedFailure,
  decoded: Decoded,
  clock: LogClock,
): Outcome {
  const hold = endRetries(work, failure, clock)
  const decision = createDecision(decoded, hold ? 'applied' : 'ignored', 'failure-ended')
  return toOutcome(hold ? { ...decision, hold } : decision)
}

function toDeferredOutcome(error: PartitionStopped): Outcome {
  return { kind: 'deferred', deferred: { reason: error.code, error } }
}

function toOutcome(decision: Decision): DecidedRecord {
  return { kind: 'decided', decision }
}
