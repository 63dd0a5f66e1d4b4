/** Outcomes of a task, which is a record that may be processed: it is completed, parked or failed. Changes only the working copy. */
import type { Failure } from '../../consumer/failure-codes.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Decoded, Healthy } from '../decoding/decode.ts'
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { LogClock } from '../model/log.ts'
import type { DuplicateReason, IgnoredReason, ParkedReason } from '../model/reasons.ts'
import {
  createFailureRecord,
  createRememberedFailure,
  describeFirst,
  failureEventId,
  failureRecordBytes,
} from '../outbox/failure-record.ts'
import type { FailedBefore } from './ids-and-failures.ts'
import type { Work } from './working-copy.ts'

export interface Task extends Healthy {
  readonly clock: LogClock
  /** The failure that this record retries; undefined for a first attempt. */
  readonly attemptAt: RememberedFailure | undefined
  /** Log clock at the original position of an event that waited for a held entity. The event's timers count from this time. */
  readonly waitedFromMs?: number
}

/** Remembers the id of a processed record, and closes its failure, if any. A tick without effects counts as ignored. */
export function completeTask(work: Work, task: Task, reason: string): Decision {
  closeFailure(work, task)
  if (task.isTick && reason === ('tick' satisfies IgnoredReason))
    return createDecision(task, 'ignored', reason)
  remember(work, task)
  return createDecision(task, 'applied', reason)
}

/** Parks a record until its entity is released. Remembers the event's id, and closes the failure that it retries, if any. */
export function parkTask(work: Work, task: Task): Decision {
  closeFailure(work, task)
  remember(work, task)
  return createDecision(task, 'parked', 'entity-held' satisfies ParkedReason)
}

/**
 * Emits a failure record for a failed record, and remembers the failure or its latest attempt.
 *
 * @param parks true if later events of the entity should wait. They wait only if the returned decision has `hold: 'begins'`.
 * @param during record that is currently being processed; it differs from the failed record if that record was parked
 */
export function fail(
  work: Work,
  failing: Pick<Decoded, 'record' | 'event'> & Pick<Task, 'clock' | 'attemptAt'>,
  failed: Failure,
  parks = false,
  during = failing.record,
): Decision {
  const { process } = work.consumer
  const { record, event, clock, attemptAt } = failing
  const failure = createRememberedFailure(process.name, failing, attemptAt, clock.nowMs)
  // Nothing is redriven into the log of another application.
  if (record.readAtMs === undefined) work.copy.failures.remember(failure)
  const published = findPublishedFailure(work, failing)
  if (published) {
    work.copy.emitted.skip()
    const publishedDecision = {
      ...createDecision(failing, 'failed', failed.code),
      failure: failed,
      isPublished: true,
    } as const
    return (published.parks ?? parks) ? { ...publishedDecision, hold: 'begins' } : publishedDecision
  }
  const at = work.copy.emitted.placeAt(during.offset)
  const about = { failedAtMs: during.readAtMs ?? during.timestampMs, parks }
  const failureRecord = createFailureRecord(work.consumer, record, failed, failure, event, at, about)
  work.copy.emitted.send([failureRecord], failureRecordBytes(record))
  const newDecision = { ...createDecision(failing, 'failed', failed.code), failure: failed }
  return (failureRecord.event.data as FailureData).parks ? { ...newDecision, hold: 'begins' } : newDecision
}

/** Remembers the event's id, so that the same event is recognised as a repeat from now on. */
export function remember(work: Work, { isTick, fingerprint, clock }: Task): void {
  if (!isTick) work.copy.ids.remember({ ...fingerprint, appliedAtMs: clock.nowMs })
}

/** Returns the failure of this attempt that was published before the state was lost; undefined if none is known. */
export function findPublishedFailure(
  { consumer, copy }: Work,
  failing: Pick<Task, 'record' | 'attemptAt' | 'clock'>,
): FailedBefore | undefined {
  if (!copy.failures.hasPublished) return undefined
  const { record, attemptAt, clock } = failing
  const { name } = consumer.process
  const failure = createRememberedFailure(name, failing, attemptAt, clock.nowMs)
  const first = describeFirst(record, failure)
  return copy.failures.findPublished(failureEventId(name, first, failure), first.timestampMs)
}

export function closeFailure(work: Work, { attemptAt }: Task): void {
  if (attemptAt) work.copy.failures.remember({ ...attemptAt, attempt: attemptAt.attempt + 1, isOpen: false })
}

export function createDuplicate(
  record: Pick<Decoded, 'record' | 'event'>,
  reason: DuplicateReason,
): Decision {
  return createDecision(record, 'duplicate', reason)
}

export function createDecision(
  { record, event }: Pick<Decoded, 'record' | 'event'>,
  outcome: Decision['outcome'],
  reason: string,
): Decision {
  const { offset, timestampMs: appendMs } = record
  return { offset, appendMs, ...(event ? { event } : {}), outcome, reason }
}
