/**
 * Decides the records of a chunk with a process, in order. Before a record is applied, all timers that become due at its time fire. Pure.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import { contextTypes } from '../../consumer/process.ts'
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import { type Decision, type Deferred, toDeferred } from '../model/decision.ts'
import { advance, clockGapMs, getClockMs, type LogClock } from '../model/log.ts'
import type { IgnoredReason } from '../model/reasons.ts'
import type { Change, Snapshot } from '../model/snapshot.ts'
import { admit, isRepeatedEmission } from './admission.ts'
import { findDueBefore, fireDueBefore, fireTimer } from './fire-timers.ts'
import { continueEntity, endHold, endRetries, park, retry, stepOrHold, updateHold } from './parking.ts'
import { findUnreadable } from './run-step.ts'
import { completeTask, fail, findPublishedFailure, type Task } from './task.ts'
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
  let deferred: Deferred | undefined
  for (const decoded of chunk) {
    if (copy.size.isFull) break
    const { offset } = decoded.record
    const appendMs = getClockMs(decoded.record)
    const ms = clockGapMs(copy.progress.clock, appendMs)
    const clock = advance(copy.progress.clock, appendMs)
    const decision = decide(work, decoded, clock)
    if (isStopped(decision)) {
      if (decision !== 'full') deferred = decision
      break
    }
    copy.applyDecision(decoded.record, clock, decision)
    if (ms > 0) clockGap.push({ beforeOffset: offset, ms })
  }
  const stopped = deferred ? { deferred } : { unreadableContext: copy.context.unreadable }
  return { decisions: copy.decisions, change: toChange(consumer, copy), clockGap, ...stopped }
}

/** Reason why a record is not decided in this commit: the commit is full, or the records must wait. */
type Stopped = 'full' | Deferred

function isStopped(outcome: Decision | Stopped): outcome is Stopped {
  return outcome === 'full' || !('outcome' in outcome)
}

/** Decides one of the things that a record can be: the end of a failure, one that needs no process, or a task. */
function decide(work: KeyedWork, decoded: Decoded, clock: LogClock): Decision | Stopped {
  const stopped = fireTimers(work, decoded.record, clock)
  if (stopped) return stopped
  const endedFailure = decoded.kind === 'ignored' ? decoded.endedFailure : undefined
  if (endedFailure !== undefined && !isRepeatedEmission(work, decoded))
    return endRetries(work, endedFailure, decoded, clock)
  const admitted = admit(work, decoded, clock)
  if (admitted.kind === 'decided') return updateHold(work, admitted, clock)
  const { task } = admitted
  const { event, attemptAt, fingerprint } = task
  const unreadable = findUnreadable(work, event.entity)
  if (unreadable) return toDeferred(unreadable)
  const decision = processTask(work, task)
  if (isStopped(decision)) return decision
  return updateHold(work, { decision, attemptAt }, clock, fingerprint.id)
}

/** Fires all timers whose threshold the clock has passed, and applies the parked events of entities that were released. */
function fireTimers(work: KeyedWork, record: LogRecord, clock: LogClock): Stopped | undefined {
  const { timers, states } = work.copy
  for (let next = timers.findPassed(clock.nowMs); next; next = timers.findPassed(clock.nowMs)) {
    if (next === 'not-loaded' || work.copy.size.isFullOfTimers) return 'full'
    const unreadable = findUnreadable(work, next.entity)
    if (unreadable) return toDeferred(unreadable)
    const hold = states.getHold(next.entity)
    if (!hold) fireTimer(work, next, record)
    else if (hold.waitsFor) endHold(work, next.entity, hold, 'time', record, clock)
    else continueEntity(work, next.entity, hold, record, clock)
  }
  return undefined
}

function processTask(work: KeyedWork, task: Task): Decision | Stopped {
  const { record, event, clock } = task
  const { process } = work.consumer
  const setsContext = process.context && contextTypes(process.context).includes(event.type)
  while (true) {
    const hold = work.copy.states.getHold(event.entity)
    if (!hold) break
    // A context belongs to the partition rather than to the entity, so it does not wait for the entity's events.
    if (setsContext) return setContext(work, task)
    if (task.isTick) return completeTask(work, task, 'tick' satisfies IgnoredReason)
    if (work.copy.size.isFullOfTimers) return 'full'
    if (task.attemptAt && task.attemptAt.id === hold.waitsFor?.failure) return retry(work, task, hold)
    const parked = park(work, task, hold)
    if (parked) return parked
    endHold(work, event.entity, hold, 'full', record, clock)
    const stopped = fireTimers(work, record, clock)
    if (stopped) return stopped
  }
  // All timers that are due before the event must fire in one commit: the next commit could not determine how many have fired
  // already.
  if (work.copy.size.isFullOfTimers && findDueBefore(work, event.entity, event.timeMs)) return 'full'
  fireDueBefore(work, event.entity, event.timeMs, record)
  return setsContext ? setContext(work, task) : stepOrHold(work, task)
}

function setContext(work: KeyedWork, task: Task): Decision {
  const set = findPublishedFailure(work, task)?.failure ?? work.copy.context.set(task.event)
  return typeof set === 'string' ? completeTask(work, task, set) : fail(work, task, set)
}
