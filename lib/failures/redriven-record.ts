/** Builds the record that redrives a failed record. The redriver and the command `dlq redrive` both use it. Pure. */

import { buildRedriveHeaders, originalHeaders as withoutOwn } from '#runtime/cloudevents/index.ts'
import { type FailedAttempt, type FailureData, failureId, omitUndefined } from '#runtime/consumer/index.ts'

/** Record for the partition in which the consumer failed. Only the consumer's state of that partition contains the failure. */
export interface RedrivenRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
}

/** Redrive that an operator requested. */
export interface ByHand {
  readonly by: string
  /** Time of the redrive, RFC 3339. */
  readonly at: string
}

/** Returns whether the failure contains the complete record. Incomplete records cannot be redriven. */
export function isRedrivable({ omitted }: Pick<FailureData, 'omitted'>): boolean {
  return omitted.length === 0
}

/**
 * Returns the record to write to the topic of the failed record.
 *
 * @param byHand redrive by an operator; undefined for a scheduled retry
 */
export function createRedrivenRecord(failure: FailureData, byHand?: ByHand): RedrivenRecord {
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, consumer } = failure
  const { originalTimestamp: timestampMs, originalKey, originalValue, originalHeaders, attempt } = failure
  const original = originalHeaders.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const)
  const headers = buildRedriveHeaders({
    consumer,
    failure: failureId(consumer, { topic, partition, offset }),
    attempt: attempt + 1,
    history: [...failure.history, toFailedAttempt(failure, byHand)],
    ...omitUndefined({ receivers: failure.receivers }),
    place: { partition, offset, timestampMs },
  })
  return {
    topic,
    partition,
    key: decodeBase64(originalKey),
    value: decodeBase64(originalValue),
    headers: [...withoutOwn({ headers: original }), ...headers],
  }
}

/** Returns the attempt of a failure, for the history of the next one. */
export function toFailedAttempt(
  { attempt, failedAt, errorType, error }: FailureData,
  byHand?: ByHand,
): FailedAttempt {
  const failedAttempt = { attempt, failedAt, errorType, error }
  if (!byHand) return failedAttempt
  return { ...failedAttempt, redrivenBy: byHand.by, redrivenAt: byHand.at }
}

export function decodeBase64(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}
