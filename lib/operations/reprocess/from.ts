/** Defines the values of the option `--from`, which determines where a rebuild starts. */

import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import type { KeptCheckpoint } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import {
  either,
  instant,
  type Kind,
  mapped,
  oneOf,
  parsedBy,
} from '../../../packages/runtime/settings/values.ts'
import { duration } from '../../app/settings/duration.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'

export type From =
  /** Start at the first record in the log. */
  | { readonly kind: 'start' }
  /** Start at the first record that was appended at or after this time. */
  | { readonly kind: 'time'; readonly timeMs: number }
  /** Start with the newest checkpoint of each partition. With a time, only checkpoints taken at or before that time are used. */
  | { readonly kind: 'checkpoint'; readonly timeMs?: number }

const CHECKPOINT = /^checkpoint(?::(.+))?$/

/**
 * Returns the parser of the option `--from`.
 *
 * @param nowMs current time in milliseconds since the epoch. Durations are subtracted from it.
 */
export function fromKind(nowMs: number): Kind<From> {
  return either<From>(
    mapped(oneOf(['start']), kind => ({ kind })),
    mapped(instant(), timeMs => ({ kind: 'time', timeMs })),
    mapped(duration(), ms => ({ kind: 'time', timeMs: nowMs - ms })),
    parsedBy(checkpointIn, 'checkpoint or checkpoint:TIME'),
  )
}

function checkpointIn(text: string): From | undefined {
  const [whole, time] = CHECKPOINT.exec(text) ?? []
  if (whole === undefined) return undefined
  if (time === undefined) return { kind: 'checkpoint' }
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : { kind: 'checkpoint', timeMs }
}

/** Position at which the rebuild of a partition starts. */
export interface Start {
  readonly partition: number
  /** First offset to read. */
  readonly offset: number
  /** Checkpoint with which the rebuild starts, if any. */
  readonly checkpoint?: KeptCheckpoint
}

/**
 * Returns the start of a rebuild without a checkpoint.
 *
 * @param reach bounds of the topic. If `from` is a time, they include the first offsets at that time.
 * @throws OperationFailure if the log no longer contains the requested start
 */
export function startInLog(from: From, state: StateKey, { bounds, atTime }: TopicReach): Start {
  const { partition } = state
  const first = bounds[partition]?.start ?? 0
  if (from.kind !== 'time') return { partition, offset: first }
  // The value is -1 or absent if all records are older than the requested time.
  const found = atTime[partition] ?? -1
  const offset = found < 0 ? (bounds[partition]?.end ?? 0) : found
  if (first > 0 && offset <= first)
    throw new OperationFailure(
      `${state.topic}/${partition} begins at offset ${first} now: records from ${new Date(from.timeMs).toISOString()} on have expired. ` +
        'Use a later time, `--from start` for all remaining records, or `--from checkpoint`.',
    )
  return { partition, offset }
}

/**
 * Returns the start of a rebuild with a checkpoint.
 *
 * @param kept checkpoints of the partition state, newest first
 * @throws OperationFailure if there is no suitable checkpoint, or the log no longer contains the records after it
 */
export function startAtCheckpoint(
  { timeMs }: Extract<From, { kind: 'checkpoint' }>,
  state: StateKey,
  kept: readonly KeptCheckpoint[],
  firstOffset: number,
): Start {
  const found = kept.find(({ takenAtMs }) => timeMs === undefined || takenAtMs <= timeMs)
  if (!found)
    throw new OperationFailure(
      kept.length === 0
        ? `There is no checkpoint of ${nameOf(state)}.`
        : `The oldest checkpoint of ${nameOf(state)} was taken at ${new Date(kept.at(-1)?.takenAtMs ?? 0).toISOString()}.`,
    )
  const offset = found.version.appliedOffset + 1
  if (offset < firstOffset)
    throw new OperationFailure(
      `The checkpoint of ${nameOf(state)} ends before offset ${offset}, but the log now begins at ${firstOffset}.`,
    )
  return { partition: state.partition, offset, checkpoint: found }
}
