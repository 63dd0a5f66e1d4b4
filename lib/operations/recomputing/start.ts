/** Defines the values of the option `--from`, which determines where a rebuild starts. */

import type { StateKey } from '#runtime/pipeline'
import { either, type Kind, mapKind, oneOf } from '#runtime/settings'
import type { TopicReach } from '../../queries/kafka/topics.ts'
import { TIME_OR_AGO } from '../../questions/field.ts'
import { OperationFailure } from '../../support/operation-failure.ts'

export type From =
  /** Start at the first record in the log. */
  | { readonly kind: 'start' }
  /** Start at the first record that was appended at or after this time. */
  | { readonly kind: 'time'; readonly timeMs: number }

export const FROM: Kind<From> = either<From>(
  mapKind(oneOf(['start']), kind => ({ kind })),
  mapKind(TIME_OR_AGO, timeMs => ({ kind: 'time', timeMs })),
)

/** Returns the value as text that means the same at any time. */
export function formatFrom(from: From): string {
  return from.kind === 'time' ? new Date(from.timeMs).toISOString() : from.kind
}

/**
 * Returns the first offset that a rebuild reads.
 *
 * @param reach bounds of the topic. If `from` is a time, they include the first offsets at that time.
 * @throws OperationFailure if the log no longer contains the requested start
 */
export function resolveStart(from: From, state: StateKey, { bounds, atTime }: TopicReach): number {
  const { partition } = state
  const first = bounds[partition]?.start ?? 0
  if (from.kind !== 'time') return first
  // The value is -1 or absent if all records are older than the requested time.
  const found = atTime[partition] ?? -1
  const offset = found < 0 ? (bounds[partition]?.end ?? 0) : found
  if (first > 0 && offset <= first)
    throw new OperationFailure(
      `${state.topic}/${partition} begins at offset ${first} now: records from ${new Date(from.timeMs).toISOString()} on have expired. ` +
        'Use a later time, or `--from start` for all remaining records.',
    )
  return offset
}
