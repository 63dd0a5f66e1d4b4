/** Limits a query to the newest part of a log. Pure. */
import type { Range } from '../../../lib/log/read-records.ts'

export interface Newest {
  readonly ranges: readonly Range[]
  /** Number of omitted offsets, which are the oldest ones of the ranges. */
  readonly leftOut: number
}

/**
 * Returns the newest part of the ranges, with at most `most` offsets in total. All ranges are shortened in proportion, so that they
 * start at about the same time.
 */
export function selectNewest(ranges: readonly Range[], most: number): Newest {
  const total = countOffsets(ranges)
  if (total <= most) return { ranges, leftOut: 0 }
  const shortened = ranges.map(range => {
    const length = Math.floor((Math.max(0, range.end - range.start) * most) / total)
    return { ...range, start: range.end - length }
  })
  return { ranges: shortened, leftOut: total - countOffsets(shortened) }
}

/** Returns the total number of offsets in the ranges. */
export function countOffsets(ranges: readonly Pick<Range, 'start' | 'end'>[]): number {
  return ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
}
