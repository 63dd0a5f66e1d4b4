/** Builds the record that returns a failed one to its consumer. The redriver and the redrive command use the same form. Pure. */

import { redriveHeaders, originalHeaders as withoutOwn } from '../../packages/runtime/cloudevents/redrive.ts'
import {
  type FailedAttempt,
  type FailureData,
  failureId,
} from '../../packages/runtime/consumer/failure-event.ts'
import { presentPartition } from '../../packages/runtime/pipeline/growth/present-partition.ts'
import type { Growth } from '../../packages/runtime/pipeline/model.ts'

/** Record for the partition in which its consumer failed. The failure is stored only in the state of that partition. */
export interface RedrivenRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
}

/** Redrive by an operator. */
export interface ByHand {
  readonly by: string
  /** Time of the redrive, RFC 3339. */
  readonly at: string
  /** Parts that replace the original ones, and the digest of the original record, which identifies the failure. */
  readonly patch?: {
    readonly key?: Buffer | null
    readonly value?: Buffer | null
    readonly headers?: readonly (readonly [name: string, value: Buffer])[]
    readonly replaces: string
  }
}

/** Returns whether the failure contains the complete record, so that it can be retried. */
export function isRedrivable({ omitted }: Pick<FailureData, 'omitted'>): boolean {
  return omitted.length === 0
}

/**
 * Returns the record to write.
 *
 * @param byHand redrive by an operator; undefined for a scheduled retry
 * @param growths increases of the partition count of the record's topic, with which the failure has moved
 */
export function redrivenRecord(
  failure: FailureData,
  byHand?: ByHand,
  growths: readonly Growth[] = [],
): RedrivenRecord {
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, consumer } = failure
  const { originalTimestamp: timestampMs, originalKey, originalValue, originalHeaders, attempt } = failure
  const patch = byHand?.patch
  const original = originalHeaders.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const)
  const headers = redriveHeaders({
    consumer,
    failure: failureId(consumer, { topic, partition, offset }),
    attempt: attempt + 1,
    history: [...failure.history, attemptOf(failure, byHand)],
    ...(patch ? { replaces: patch.replaces } : {}),
    place: { partition, offset, timestampMs },
  })
  return {
    topic,
    partition: presentPartition(failure, growths),
    key: patch?.key === undefined ? decoded(originalKey) : patch.key,
    value: patch?.value === undefined ? decoded(originalValue) : patch.value,
    headers: [...withoutOwn({ headers: patch?.headers ?? original }), ...headers],
  }
}

function attemptOf(
  { attempt, failedAt, errorType, error }: FailureData,
  byHand: ByHand | undefined,
): FailedAttempt {
  const made = { attempt, failedAt, errorType, error }
  if (!byHand) return made
  const { by, at, patch } = byHand
  return { ...made, redrivenBy: by, redrivenAt: at, ...(patch ? { patched: true } : {}) }
}

export function decoded(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}
