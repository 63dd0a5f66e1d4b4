/** Builds the record that redrives a failed record. The application writes it. Pure. */

import {
  type FailedAttempt,
  type FailureData,
  failureId,
  originalPosition,
} from '../consumer/failure-event.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { fromBase64 } from './header-bytes.ts'
import { buildRedriveHeaders, originalHeaders as withoutOwn } from './redrive.ts'

/** Record for the partition whose state remembers the failure. */
export interface RedrivenRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** Redrive that an operator requested. */
export interface ByHand {
  readonly by: string
  /** Time of the redrive, RFC 3339. */
  readonly at: string
}

/** Topic through which records of other applications are redriven, because nothing is written into theirs. */
export interface ForeignRedriveTopic {
  readonly topic: string
  readonly partitions: number
}

/** Returns whether the failure contains the complete record. Incomplete records cannot be redriven. */
export function isRedrivable({ omitted }: Pick<FailureData, 'omitted'>): boolean {
  return omitted.length === 0
}

/**
 * Returns the record to write to the topic of the failed record, or to the one through which it is redriven. All attempts of a
 * record are written to the same partition.
 *
 * @param byHand redrive by an operator; undefined for a scheduled retry
 * @param through given for a record of another application
 */
export function createRedrivenRecord(
  failure: FailureData,
  byHand?: ByHand,
  through?: ForeignRedriveTopic,
): RedrivenRecord {
  const { consumer, originalTimestamp: timestampMs, originalKey, originalValue, attempt } = failure
  const position = originalPosition(failure)
  const { topic, partition, offset, log } = position
  const original = failure.originalHeaders.map(({ name, value }) => [name, fromBase64(value)] as const)
  const headers = buildRedriveHeaders({
    consumer,
    failure: failureId(consumer, position),
    attempt: attempt + 1,
    history: [...failure.history, toFailedAttempt(failure, byHand)],
    ...omitUndefined({ receivers: failure.receivers }),
    place: { partition, offset, timestampMs, ...(through && omitUndefined({ topic, log })) },
  })
  return {
    topic: through?.topic ?? topic,
    partition: through ? partition % through.partitions : partition,
    key: fromBase64(originalKey),
    value: fromBase64(originalValue),
    headers: [...withoutOwn({ headers: original }), ...headers],
  }
}

/** Returns the attempt of a failure, for the history of the next one. */
function toFailedAttempt(
  { attempt, failedAt, errorType, error }: FailureData,
  byHand?: ByHand,
): FailedAttempt {
  const failedAttempt = { attempt, failedAt, errorType, error }
  if (!byHand) return failedAttempt
  return { ...failedAttempt, redrivenBy: byHand.by, redrivenAt: byHand.at }
}
