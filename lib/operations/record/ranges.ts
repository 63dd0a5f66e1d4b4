/** Determines the offsets to record from the options `--from` and `--to`. Pure. */

import {
  either,
  instant,
  type Kind,
  mapped,
  oneOf,
  wholeNumber,
} from '../../../packages/runtime/settings/values.ts'
import { duration } from '../../app/settings/duration.ts'
import type { TopicReach } from '../../queries/topics.ts'
import { usageFailure } from '../failure.ts'
import type { From } from '../log-position.ts'

/** Offset range of one partition, and how much of it has been recorded. The end is exclusive. */
export interface Progressing {
  readonly partition: number
  readonly start: number
  readonly end: number
  /** First offset that has not been recorded yet. */
  next: number
}

/**
 * Returns the parser of the options `--from` and `--to`.
 *
 * @param nowMs current time in milliseconds since the epoch. Durations are subtracted from it.
 */
export function positionKind(nowMs: number): Kind<From> {
  return either<From>(
    mapped(oneOf(['start', 'end', 'now']), name => (name === 'start' ? name : 'end')),
    mapped(wholeNumber({ least: 0 }), offset => ({ offset })),
    mapped(instant(), timeMs => ({ timeMs })),
    mapped(duration(), ms => ({ timeMs: nowMs - ms })),
  )
}

export interface Bounds {
  readonly from: From
  readonly to: From
  readonly partition: number | undefined
}

/** Offset ranges to record, with notices about parts that have expired. */
export interface Ranges {
  readonly ranges: readonly Progressing[]
  readonly notes: readonly string[]
}

/**
 * Returns the offset ranges for the options.
 *
 * @param reach bounds of the topic. If `from` is a time, they include the first offsets at that time.
 * @param atEndTime first offsets at the time of `to`; empty if `to` is not a time
 * @throws OperationFailure if the options are invalid
 */
export function rangesOf(
  { from, to, partition }: Bounds,
  reach: TopicReach,
  atEndTime: readonly number[],
): Ranges {
  requireInOrder(from, to)
  const notes: string[] = []
  const all = reach.bounds.map(({ start, end }, number) => {
    const first = offsetOf(from, { start, end }, reach.atTime[number])
    const last = offsetOf(to, { start, end }, atEndTime[number])
    if (partition === undefined || partition === number)
      notes.push(...expiredNote(from, number, start, reach.atTime[number]))
    return { partition: number, start: first, end: Math.max(first, last), next: first }
  })
  const ranges = all.filter(range => partition === undefined || range.partition === partition)
  if (ranges.length === 0)
    throw usageFailure(`--partition ${partition}: the topic has ${all.length} partitions, from 0 on.`)
  return { ranges, notes }
}

function offsetOf(position: From, { start, end }: { start: number; end: number }, atTime = end): number {
  if (position === 'start') return start
  if (position === 'end') return end
  const wanted = 'offset' in position ? position.offset : atTime
  return Math.min(Math.max(wanted, start), end)
}

function requireInOrder(from: From, to: From): void {
  const [a, b] = [numberIn(from), numberIn(to)]
  if (typeof from !== 'object' || typeof to !== 'object' || 'offset' in from !== 'offset' in to) return
  if (a > b) throw usageFailure('--to is before --from.')
}

function numberIn(position: From): number {
  if (typeof position !== 'object') return 0
  return 'offset' in position ? position.offset : position.timeMs
}

function expiredNote(from: From, partition: number, logStart: number, atTime?: number): readonly string[] {
  if (typeof from !== 'object') return []
  if ('offset' in from)
    return from.offset < logStart
      ? [`Partition ${partition}: offsets ${from.offset} to ${logStart - 1} have expired.`]
      : []
  // The times of the expired records are unknown, so they may have belonged to the range.
  return logStart > 0 && atTime === logStart
    ? [
        `Partition ${partition} begins at offset ${logStart}. Earlier records have expired, some of which may belong to the range.`,
      ]
    : []
}

/** Returns the total number of offsets in the ranges, and how many of them have been recorded. */
export function extentOf(ranges: readonly Progressing[]): { readonly done: number; readonly total: number } {
  let [done, total] = [0, 0]
  for (const { start, end, next } of ranges) {
    done += next - start
    total += end - start
  }
  return { done, total }
}
