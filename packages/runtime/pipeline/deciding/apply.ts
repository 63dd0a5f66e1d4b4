/**
 * Step 4: decides the records of a chunk in order. Before a record is applied, all timers that become due at its time fire. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { contextTypes, type Emission, decided as stepOf } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import type { PartitionStopped } from '../errors.ts'
import { clockGapMs } from '../log/clock.ts'
import type { Change, Decision, Deferred, EndedFailure, LogClock, Snapshot } from '../model.ts'
import type { ErasureReason, IgnoredReason } from '../reasons.ts'
import {
  type AlreadyDecided,
  admit,
  fail,
  isRepeatedEmission,
  processed,
  publishedFailureOf,
  type Task,
} from './admission.ts'
import { eventCause } from './cause.ts'
import { ended as endRetries, eraseHold, giveUp, goOn, park, retry, settled, stepOrHold } from './holding.ts'
import { runStep, type StepFailure, type Stored } from './step.ts'
import { fireDueBefore, fireTimer, firstDueBefore, unreadableFor } from './steps.ts'
import { readState } from './stored-state.ts'
import { type KeyedWork, WorkingCopy } from './working-copy.ts'

export interface Applied {
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
): Applied {
  const copy = new WorkingCopy(consumer, snapshot)
  const work = { consumer, copy }
  const clockGap: { beforeOffset: number; ms: number }[] = []
  for (const decoded of chunk) {
    if (copy.isFull) break
    const { offset, timestampMs } = decoded.record
    const ms = clockGapMs(copy.clock, timestampMs)
    const clock = copy.clockAt(decoded.record)
    const outcome = decide(work, decoded, clock)
    if (outcome.kind === 'full') break
    if (outcome.kind === 'deferred')
      return { decisions: copy.decisions, change: copy.change, clockGap, deferred: outcome.deferred }
    copy.decided(decoded.record, clock, outcome.decision)
    if (ms > 0) clockGap.push({ beforeOffset: offset, ms })
  }
  const { unreadable } = copy.context
  return { decisions: copy.decisions, change: copy.change, clockGap, unreadableContext: unreadable }
}

type Outcome =
  | AlreadyDecided
  | { readonly kind: 'full' }
  | { readonly kind: 'deferred'; readonly deferred: Deferred }

const FULL: Outcome = { kind: 'full' }

function decide(work: KeyedWork, decoded: Decoded, clock: LogClock): Outcome {
  const stopped = fireTimers(work, decoded.record, clock)
  if (stopped) return stopped
  const endedFailure = decoded.kind === 'ignored' ? decoded.endedFailure : undefined
  if (endedFailure !== undefined && !isRepeatedEmission(work, decoded))
    return failureEnded(work, endedFailure, decoded, clock)
  const admitted = admit(work, decoded, clock)
  if (admitted.kind === 'decided') return decided(settled(work, admitted, clock))
  const { task } = admitted
  const { event, attemptAt, fingerprint } = task
  const { application, process } = work.consumer
  const isErasure = event.type === application.erasureType
  // An erasure can remove a state of another version without reading it, unless the process defines `onErase`.
  const unreadable = isErasure && !process.onErase ? undefined : unreadableFor(work, event.entity)
  if (unreadable) return left(unreadable)
  const outcome = isErasure ? decided(eraseEntity(work, task)) : processTask(work, task)
  if (outcome.kind !== 'decided') return outcome
  return decided(settled(work, { ...outcome, attemptAt }, clock, fingerprint.id))
}

/** Fires all timers whose threshold the clock has passed, and applies the parked events of entities that were released. */
function fireTimers(work: KeyedWork, record: LogRecord, clock: LogClock): Outcome | undefined {
  const { timerQueue, states } = work.copy
  for (let next = timerQueue.passed(clock.nowMs); next; next = timerQueue.passed(clock.nowMs)) {
    if (next === 'not-loaded' || work.copy.isFullOfTimers) return FULL
    const unreadable = unreadableFor(work, next.entity)
    if (unreadable) return left(unreadable)
    const hold = states.hold(next.entity)
    if (!hold) fireTimer(work, next, record)
    else if (hold.waitsFor) giveUp(work, next.entity, hold, 'time', record, clock)
    else goOn(work, next.entity, hold, record, clock)
  }
  return undefined
}

function processTask(work: KeyedWork, task: Task): Outcome {
  const { record, event, clock } = task
  const { process } = work.consumer
  const setsContext = process.context && contextTypes(process.context).includes(event.type)
  while (true) {
    const hold = work.copy.states.hold(event.entity)
    if (!hold) break
    // A context belongs to the partition rather than to the entity, so it does not wait for the entity's events.
    if (setsContext) return decided(setContext(work, task))
    if (task.isTick) return decided(processed(work, task, 'tick' satisfies IgnoredReason))
    if (work.copy.isFullOfTimers) return FULL
    if (task.attemptAt && task.attemptAt.id === hold.waitsFor?.failure)
      return decided(retry(work, task, hold))
    const parked = park(work, task, hold)
    if (parked) return decided(parked)
    giveUp(work, event.entity, hold, 'full', record, clock)
    const stopped = fireTimers(work, record, clock)
    if (stopped) return stopped
  }
  // All timers that are due before the event must fire in one commit: the next commit could not determine how many have fired
  // already.
  if (work.copy.isFullOfTimers && firstDueBefore(work, event.entity, event.timeMs)) return FULL
  fireDueBefore(work, event.entity, event.timeMs, record)
  return decided(setsContext ? setContext(work, task) : stepOrHold(work, task))
}

function setContext(work: KeyedWork, task: Task): Decision {
  const set = publishedFailureOf(work, task)?.failure ?? work.copy.context.set(task.event)
  return typeof set === 'string' ? processed(work, task, set) : fail(work, task, set)
}

/**
 * Removes the state of the entity, its hold, and all its timers, even if they are overdue. The ids of its events remain known,
 * because otherwise an event from before the erasure could be applied again. If `onErase` throws or its emissions cannot be
 * written, the record fails, but the entity is erased anyway.
 */
function eraseEntity(work: KeyedWork, task: Task): Decision {
  const { copy } = work
  const { entity } = task.event
  const hold = copy.states.hold(entity)
  if (hold) eraseHold(work, entity, hold, task.clock)
  const stored = copy.states.stored(entity)
  if (stored === undefined && !hold) return processed(work, task, 'nothing-to-erase' satisfies ErasureReason)
  const last = stored === undefined ? undefined : lastStep(work, task, stored)
  copy.forget(entity)
  const failed = publishedFailureOf(work, task)?.failure ?? (last?.kind === 'failure' ? last : undefined)
  if (!failed && last?.kind === 'stored') copy.send(last.entries, last.emittedBytes)
  const decision = failed ? fail(work, task, failed) : processed(work, task, 'erased' satisfies ErasureReason)
  return hold?.waitsFor ? { ...decision, hold: 'erased' } : decision
}

function lastStep(
  { consumer, copy }: KeyedWork,
  { record, event, clock }: Task,
  stored: string,
): Stored | StepFailure | undefined {
  const { process } = consumer
  if (!process.onErase) return undefined
  const cause = eventCause(event, clock.nowMs, process.allowedLatenessMs ?? 0)
  return runStep(consumer, cause, copy.placeAt(record.offset), () => {
    const emit = process.onErase?.(readState(process, stored), event, copy.context.value)
    // A process can bypass the type. A result that is not an array is passed on and then reported as an invalid step.
    return Array.isArray(emit) ? stepOf('erased', undefined, emit as Emission[]) : (emit as never)
  })
}

/** Handles an event that marks the retries of a failure as ended. */
function failureEnded(
  work: KeyedWork,
  failure: EndedFailure,
  { record, event }: Decoded,
  clock: LogClock,
): Outcome {
  const { offset, timestampMs: appendMs } = record
  const place = { offset, appendMs, ...(event ? { event } : {}), reason: 'failure-ended' }
  const hold = endRetries(work, failure, clock)
  return decided(hold ? { ...place, outcome: 'applied', hold } : { ...place, outcome: 'ignored' })
}

function left(error: PartitionStopped): Outcome {
  return { kind: 'deferred', deferred: { reason: error.code, error } }
}

function decided(decision: Decision): AlreadyDecided {
  return { kind: 'decided', decision }
}
