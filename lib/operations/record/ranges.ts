/** `--from` and `--to`: which offsets are recorded. Pure. */

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

/** Offsets of one partition, from `start` to before `end`, and how far they are recorded. */
export interface Progressing {
  readonly partition: number
  readonly start: number
  readonly end: number
  /** The first offset that is not recorded yet. */
  next: number
}

/**
 * Returns the kind of options `--from` and `--to`. @param nowMs the time that durations go back from, in milliseconds since the
 * epoch
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

/** The ranges, and what of them there cannot be any more, as sentences for people. */
export interface Ranges {
  readonly ranges: readonly Progressing[]
  readonly notes: readonly string[]
}

/**
 * Which offsets the bounds mean now.
 *
 * @param reach of the topic, with the offsets at the time of `from`, if it is one
 * @param atEndTime the offsets at the time of `to`; empty without a time
 * @throws OperationFailure if the bounds cannot mean anything
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
  // The expired records may have been older than the time or not: that can no longer be known.
  return logStart > 0 && atTime === logStart
    ? [
        `Partition ${partition} begins at offset ${logStart}: what is before has expired, and may belong to the range.`,
      ]
    : []
}

/** How many offsets the ranges have, and how many of them are behind. */
export function extentOf(ranges: readonly Progressing[]): { readonly done: number; readonly total: number } {
  let [done, total] = [0, 0]
  for (const { start, end, next } of ranges) {
    done += next - start
    total += end - start
  }
  return { done, total }
}
