/** Admission decides which records reach the process. Pure: it changes only the working copy. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { RecordPlace, RedriveTarget } from '../../cloudevents/redrive.ts'
import { failure, isRetried } from '../../consumer/failure-codes.ts'
import { failureId } from '../../consumer/failure-event.ts'
import { keepsStates, readsForeignLogs } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import { computeDigest } from '../model/fingerprint.ts'
import type { LogClock } from '../model/log.ts'
import type { RememberedId } from '../model/partition-state.ts'
import type { DuplicateReason } from '../model/reasons.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { createForeignFailure } from '../outbox/failure-record.ts'
import { findSequencedOrigin } from '../outbox/position.ts'
import {
  closeFailure,
  createDecision,
  createDuplicate,
  fail,
  findPublishedFailure,
  type Task,
} from './task.ts'
import type { Work } from './working-copy.ts'

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
  const isExpected = findAwaitedEvent(work, attemptAt)?.eventId === id
  const remembered = isExpected ? undefined : work.copy.ids.find(id, clock.nowMs)
  if (remembered) return toDecidedRecord(decideKnownId(work, task, remembered), attemptAt)
  if (isSkipped(work.copy.snapshot, task.record)) return toDecidedRecord(fail(work, task, SKIPPED), attemptAt)
  const published = keepsStates(work.consumer) ? undefined : findPublishedFailure(work, task)
  if (published) return toDecidedRecord(fail(work, task, published.failure), attemptAt)
  return { kind: 'task', task }
}

/**
 * Returns true if an operator has skipped this record. The digest is compared, so that a record with the same offset in a
 * recreated topic is not skipped.
 */
function isSkipped({ skipped }: Snapshot, record: LogRecord): boolean {
  const digest = skipped?.get(record.offset)
  return digest !== undefined && (record.decodedByLambda !== undefined || digest === computeDigest(record))
}

/** Checks the sequence of an emission. A redriven record is decided by its failure alone. */
export function isRepeatedEmission(
  { consumer, copy }: Work,
  { record, event, redriveTarget }: Decoded,
): boolean {
  if (!event || redriveTarget) return false
  const sequenced = findSequencedOrigin(event, record.topic, consumer)
  return sequenced !== undefined && !copy.sequences.raise(sequenced)
}

function findAwaitedEvent(work: Work, attemptAt: RememberedFailure | undefined) {
  return attemptAt && work.copy.states.findHeld(attemptAt.id)?.hold.waitsFor
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
  if (redriveTarget?.consumer !== work.consumer.process.name) return FIRST_ATTEMPT
  const earlier = work.copy.failures.find(redriveTarget.failure, clock.nowMs)
  const why = explainRefusal(work, redriveTarget, earlier, decoded)
  if (why === undefined)
    return {
      kind: 'attempt',
      at: earlier ?? createForeignFailure(decoded.record, redriveTarget, clock.nowMs),
    }
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
  // No state remembers the failure of a record in a topic of another application. Its first redrive opens it here.
  if (place?.topic !== undefined && redriveTarget.attempt > 1 && readsForeignLogs(work.consumer))
    return explainPartition(work, record, place)
  // No failure is known, so this code has processed the original record successfully, for example when the log was read again.
  if (place && work.copy.failures.hasNeverFailed(id, record, place)) return { repeats: 'failure-not-open' }
  return 'no failure with this id is remembered: it is too old, or was removed to make room for newer ones'
}

/** Returns an error message for a copy in another partition than that of all redrives: its state knows none of the attempts. */
function explainPartition({ consumer }: Work, { topic, partition }: LogRecord, place: RecordPlace) {
  const own = place.partition % (consumer.application.topicNamed(topic)?.partitions ?? 1)
  return partition === own ? undefined : `the attempts at this failure are in partition ${own} of the topic`
}

function toDecidedRecord(decision: Decision, attemptAt?: RememberedFailure): DecidedRecord {
  return { kind: 'decided', decision, attemptAt }
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
