/** Admission decides which records reach the process, and emits failure records. Pure: it changes only the working copy. */
import type { RedriveTarget } from '../../cloudevents/redrive.ts'
import { type Failure, failure, isRetried } from '../../consumer/failure-codes.ts'
import { type FailureData, failureId } from '../../consumer/failure-event.ts'
import { isNamed, keepsStates } from '../consumer.ts'
import type { Decoded, Healthy } from '../decoding/decode.ts'
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import { computeDigest } from '../model/fingerprint.ts'
import type { LogClock } from '../model/log.ts'
import type { RememberedId } from '../model/partition-state.ts'
import { findPresentPartition } from '../model/partitioning.ts'
import type { DuplicateReason, IgnoredReason, ParkedReason } from '../model/reasons.ts'
import {
  createFailureRecord,
  createMovedFailureRecord,
  createRememberedFailure,
  failureEventId,
  failureRecordBytes,
  getFailedConsumer,
} from '../outbox/failure-record.ts'
import { findSequencedOrigin } from '../outbox/position.ts'
import type { FailedBefore, Work } from './working-copy.ts'

export interface Task extends Healthy {
  readonly clock: LogClock
  /** The failure that this record retries; undefined for a first attempt. */
  readonly attemptAt: RememberedFailure | undefined
  /** Log clock at the original position of an event that waited for a held entity. The event's timers count from this time. */
  readonly waitedFromMs?: number
}

export type Admitted = DecidedRecord | { readonly kind: 'task'; readonly task: Task }

export interface DecidedRecord {
  readonly kind: 'decided'
  readonly decision: Decision
  readonly attemptAt?: RememberedFailure | undefined
}

/** A record that may be processed, either for the first time or as a retry of a failure. */
interface Attempt {
  readonly kind: 'attempt'
  readonly at: RememberedFailure | undefined
}

const TICK = 'tick' satisfies IgnoredReason
const SKIPPED = failure('skipped', 'an operator has set it aside')
const FIRST_ATTEMPT: Attempt = { kind: 'attempt', at: undefined }

export function admit(work: Work, decoded: Decoded, clock: LogClock): Admitted {
  if (isRepeatedEmission(work, decoded)) return toDecidedRecord(createDuplicate(decoded, 'not-higher'))
  const attempt = admitRedriven(work, decoded, clock)
  if (attempt.kind === 'decided') return attempt
  const attemptAt = attempt.at
  if (decoded.kind === 'ignored')
    return toDecidedRecord(createDecision(decoded, 'ignored', decoded.reason), attemptAt)
  if (decoded.kind === 'failed') {
    const parks = isRetried(decoded.failure.code) && findAwaitedEvent(work, attemptAt) !== undefined
    return toDecidedRecord(fail(work, { ...decoded, clock, attemptAt }, decoded.failure, parks), attemptAt)
  }
  const task = { ...decoded, clock, attemptAt }
  const { id } = decoded.fingerprint
  // An entity remembers the id of the event that it waits for. A retry of that event is not a repeat, although its id is known.
  // The same holds for a retry of a former consumer: another former consumer may have processed the event.
  const isExpected =
    findAwaitedEvent(work, attemptAt)?.eventId === id ||
    (attemptAt !== undefined &&
      getFailedConsumer(work.consumer, decoded.record) !== work.consumer.process.name)
  const remembered = isExpected ? undefined : work.copy.findRememberedId(id, clock.nowMs)
  if (remembered) return toDecidedRecord(decideKnownId(work, task, remembered), attemptAt)
  if (work.copy.isSkipped(task.record)) return toDecidedRecord(fail(work, task, SKIPPED), attemptAt)
  const published = keepsStates(work.consumer) ? undefined : findPublishedFailure(work, task)
  if (published) return toDecidedRecord(fail(work, task, published.failure), attemptAt)
  return { kind: 'task', task }
}

/** Returns the failure of this attempt that was published before the state was lost; undefined if none is known. */
export function findPublishedFailure(
  { consumer, copy }: Work,
  { record, attemptAt }: Pick<Task, 'record' | 'attemptAt'>,
): FailedBefore | undefined {
  if (!copy.hasPublishedFailures) return undefined
  const name = attemptAt ? getFailedConsumer(consumer, record) : consumer.process.name
  const { partition, offset } = attemptAt ?? record
  const id = attemptAt?.id ?? failureId(name, record)
  const attempt = (attemptAt?.attempt ?? 0) + 1
  const eventId = failureEventId(name, record.topic, { id, partition, offset, attempt })
  return copy.findPublishedFailure(
    eventId,
    attemptAt ? Date.parse(attemptAt.firstFailedAt) : record.timestampMs,
  )
}

/** Checks the sequence of an emission. A redriven record is decided by its failure alone. */
export function isRepeatedEmission(
  { consumer, copy }: Work,
  { record, event, redriveTarget }: Decoded,
): boolean {
  if (!event || redriveTarget) return false
  const sequenced = findSequencedOrigin(event, record.topic, consumer)
  return sequenced !== undefined && !copy.raiseSequence(sequenced)
}

/** Parks a record until its entity is released. Remembers the event's id, and closes the failure that it retries, if any. */
export function parkTask(work: Work, task: Task): Decision {
  closeFailure(work, task)
  remember(work, task)
  return createDecision(task, 'parked', 'entity-held' satisfies ParkedReason)
}

/** Remembers the id of a processed record, and closes its failure, if any. A tick without effects counts as ignored. */
export function completeTask(work: Work, task: Task, reason: string): Decision {
  closeFailure(work, task)
  if (task.isTick && reason === TICK) return createDecision(task, 'ignored', reason)
  remember(work, task)
  return createDecision(task, 'applied', reason)
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
  work.copy.rememberFailure(failure)
  const published = findPublishedFailure(work, failing)
  if (published) {
    work.copy.skipEmission()
    const publishedDecision = {
      ...createDecision(failing, 'failed', failed.code),
      failure: failed,
      isPublished: true,
    } as const
    return (published.parks ?? parks) ? { ...publishedDecision, hold: 'begins' } : publishedDecision
  }
  const at = work.copy.placeAt(during.offset)
  const about = { failedAtMs: during.timestampMs, parks }
  const failureRecord = createFailureRecord(work.consumer, record, failed, failure, event, at, about)
  work.copy.send([failureRecord], failureRecordBytes(record))
  const newDecision = { ...createDecision(failing, 'failed', failed.code), failure: failed }
  return (failureRecord.event.data as FailureData).parks ? { ...newDecision, hold: 'begins' } : newDecision
}

function findAwaitedEvent(work: Work, attemptAt: RememberedFailure | undefined) {
  const { states } = work.copy
  const entity = attemptAt && states.findHeldEntity(attemptAt.id)
  return entity === undefined ? undefined : states.getHold(entity)?.waitsFor
}

/** Remembers the event's id, so that the same event is recognised as a repeat from now on. */
export function remember(work: Work, { isTick, fingerprint, clock }: Task): void {
  if (!isTick) work.copy.remember({ ...fingerprint, appliedAtMs: clock.nowMs })
}

/** Decides a record with a known id. It is a repeat if its content is the same; otherwise the producer has used the id twice. */
function decideKnownId(work: Work, task: Task, remembered: RememberedId): Decision {
  if (remembered.digest === task.fingerprint.digest) {
    closeFailure(work, task)
    return createDuplicate(task, 'id-known')
  }
  const [before, now] = [remembered.digest, task.fingerprint.digest].map(text =>
    Buffer.from(text, 'latin1').toString('hex'),
  )
  return fail(work, task, failure('id-conflict', `content digest ${now}, but the first had ${before}`))
}

/** Decides a redriven record that is not the next attempt at an open failure. Any other record is returned as an attempt. */
function admitRedriven(work: Work, decoded: Decoded, clock: LogClock): Attempt | DecidedRecord {
  const { redriveTarget } = decoded
  if (!redriveTarget || !isNamed(redriveTarget.consumer, work.consumer)) return FIRST_ATTEMPT
  const moved = refuseMoved(work, decoded, redriveTarget)
  if (moved) return moved
  const earlier = work.copy.findFailure(redriveTarget.failure, clock.nowMs)
  const why = explainRefusal(work, redriveTarget, earlier, decoded)
  if (why === undefined) return { kind: 'attempt', at: earlier }
  if (typeof why !== 'string') return toDecidedRecord(createDuplicate(decoded, why.repeats))
  return toDecidedRecord(
    fail(work, { ...decoded, clock, attemptAt: undefined }, failure('unknown-failure', why)),
  )
}

/**
 * Checks a redriven record. Returns undefined if it is the next attempt at its failure; otherwise the reason why it is a repeat, or
 * an error message.
 */
function explainRefusal(
  work: Work,
  redriveTarget: RedriveTarget,
  earlier: RememberedFailure | undefined,
  decoded: Decoded,
): Repeat | string | undefined {
  const { failure: id, place } = redriveTarget
  const { record } = decoded
  // The id of an event in a foreign format may be derived from the position of its record, so the original position must be
  // correct.
  if (place && failureId(redriveTarget.consumer, { ...record, ...place }) !== id)
    return 'its original position differs from that of the failure'
  if (earlier) return explainNotNext(redriveTarget, earlier, decoded)
  // No failure is known, so this code has processed the original record successfully, for example when the log was read again.
  if (place && work.copy.hasNeverFailed(id, record, place)) return { repeats: 'failure-not-open' }
  return 'no failure with this id is remembered: it is too old, or was removed to make room for newer ones'
}

/**
 * Refuses a redriven record that was sent to the wrong partition of a topic that an earlier version has grown. This happens if Redis
 * has lost the growths of the topic, so that the sender does not know them. The retry belongs to the current partition of the key, even if this partition still has
 * a copy of the failure.
 */
function refuseMoved(
  work: Work,
  { record, event }: Decoded,
  target: RedriveTarget,
): DecidedRecord | undefined {
  const { place, attempt } = target
  const { growths } = work.copy
  if (!place || !(attempt > 1) || growths.length === 0) return undefined
  const { name: consumer } = work.consumer.process
  const originalKey = record.key?.toString('base64') ?? null
  const failed = { consumer, originalKey, originalPartition: place.partition, originalOffset: place.offset }
  const partition = findPresentPartition(failed, growths)
  if (partition === record.partition) return undefined
  const why = failure(
    'failure-moved',
    `the topic has grown since: partition ${partition} remembers the failure. Restore the value growth:${record.topic} in Redis, then redrive it`,
  )
  const at = work.copy.placeAt(record.offset)
  const sent = createMovedFailureRecord(work.consumer, record, { ...target, place }, why, event, at)
  work.copy.send([sent], failureRecordBytes(record))
  return toDecidedRecord({
    ...createDecision({ record, ...(event ? { event } : {}) }, 'failed', why.code),
    failure: why,
  })
}

function closeFailure(work: Work, { attemptAt }: Task): void {
  if (attemptAt) work.copy.rememberFailure({ ...attemptAt, attempt: attemptAt.attempt + 1, isOpen: false })
}

function toDecidedRecord(decision: Decision, attemptAt?: RememberedFailure): DecidedRecord {
  return { kind: 'decided', decision, attemptAt }
}

function createDuplicate(record: Pick<Decoded, 'record' | 'event'>, reason: DuplicateReason): Decision {
  return createDecision(record, 'duplicate', reason)
}

function createDecision(
  { record, event }: Pick<Decoded, 'record' | 'event'>,
  outcome: Decision['outcome'],
  reason: string,
): Decision {
  const { offset, timestampMs: appendMs } = record
  return { offset, appendMs, ...(event ? { event } : {}), outcome, reason }
}

type Repeat = { readonly repeats: DuplicateReason }

function explainNotNext(
  { attempt, digest }: RedriveTarget,
  failure: RememberedFailure,
  { record }: Pick<Decoded, 'record'>,
): Repeat | string | undefined {
  if (attempt <= failure.attempt) return { repeats: 'attempt-known' }
  if (!failure.isOpen) return { repeats: 'failure-not-open' }
  if (failure.digest !== (digest ?? computeDigest(record))) return 'the bytes differ from those that failed'
  if (attempt === failure.attempt + 1) return undefined
  if (failure.isReopened && attempt > failure.attempt) return { repeats: 'failure-not-open' }
  return `attempt ${attempt} does not follow attempt ${failure.attempt}`
}
