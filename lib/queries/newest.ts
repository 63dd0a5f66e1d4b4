/** Bounds how much a question reads: of a log that holds more, only its newest part. Pure. */
import type { Range } from './records.ts'

export interface Newest {
  readonly ranges: readonly Range[]
  /** How many offsets of the ranges are left out, because there are newer ones. */
  readonly leftOut: number
}

/**
 * The ends of the ranges, with at most this many offsets together. Each range is shortened in proportion, so that all of them begin at
 * about the same time.
 */
export function newestOf(ranges: readonly Range[], most: number): Newest {
  const total = offsetsIn(ranges)
  if (total <= most) return { ranges, leftOut: 0 }
  const shortened = ranges.map(range => {
    const kept = Math.floor((Math.max(0, range.end - range.start) * most) / total)
    return { ...range, start: range.end - kept }
  })
  return { ranges: shortened, leftOut: total - offsetsIn(shortened) }
}

/** How many offsets the ranges have. */
export function offsetsIn(ranges: readonly Pick<Range, 'start' | 'end'>[]): number {
  return ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
}
