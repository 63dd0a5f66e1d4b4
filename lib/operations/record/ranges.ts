/** Determines the offsets to record from `--from` and `--to`. Pure. */

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

/** Range of offsets of one partition, from `start` up to but not including `end`, with the progress of recording. */
export interface Progressing {
  readonly partition: number
  readonly start: number
  readonly end: number
  /** First offset that is not recorded yet. */
  next: number
}

/**
 * Returns the kind of the options `--from` and `--to`.
 *
 * @param nowMs time from which durations count backwards, in milliseconds since the epoch
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

/** Ranges, with notices about parts that no longer exist. */
export interface Ranges {
  readonly ranges: readonly Progressing[]
  readonly notes: readonly string[]
}

/**
 * Returns the ranges that the bounds currently denote.
 *
 * @param reach bounds of the topic, with the offsets at the time of `from`, if it is a time
 * @param atEndTime offsets at the time of `to`; empty without a time
 * @throws OperationFailure if the bounds are invalid
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
  // It is unknown whether the expired records belonged to the range.
  return logStart > 0 && atTime === logStart
    ? [
        `Partition ${partition} begins at offset ${logStart}. Earlier records have expired, some of which may belong to the range.`,
      ]
    : []
}

/** Returns the total number of offsets in the ranges, and how many of them are done. */
export function extentOf(ranges: readonly Progressing[]): { readonly done: number; readonly total: number } {
  let [done, total] = [0, 0]
  for (const { start, end, next } of ranges) {
    done += next - start
    total += end - start
  }
  return { done, total }
}
