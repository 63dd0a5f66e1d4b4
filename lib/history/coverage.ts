/**
 * Decides from which object each row is read. Several objects can contain a row, because an archiver that has lost its state writes
 * its first segments with other ends. Each row counts once. Pure.
 */
import type { HistoryObject, ObjectRange } from './object-key.ts'

/** Range of offsets, both included. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

/** Range of a partition. */
export interface PartitionRange extends OffsetRange {
  readonly topic: string
  readonly partition: number
}

/** Rows of an object that count. Its rows outside of the range are read from other objects. */
export interface Slice<O extends ObjectRange = HistoryObject> extends OffsetRange {
  readonly object: O
}

/**
 * Returns the slices of one partition in ascending order of offset. They do not overlap. The object that begins first provides the
 * rows.
 *
 * @param objects objects of one partition, in any order
 */
export function coverage<O extends ObjectRange>(objects: readonly O[]): Slice<O>[] {
  const sorted = objects.toSorted((a, b) => a.firstOffset - b.firstOffset || b.lastOffset - a.lastOffset)
  const slices: Slice<O>[] = []
  let next = 0
  for (const object of sorted) {
    const fromOffset = Math.max(object.firstOffset, next)
    if (fromOffset > object.lastOffset) continue
    slices.push({ object, fromOffset, toOffset: object.lastOffset })
    next = object.lastOffset + 1
  }
  return slices
}

/** Returns the parts of ranges that none of the others contains. Both lists are in ascending order of offset. */
function outside<R extends OffsetRange>(ranges: readonly R[], others: readonly OffsetRange[]): R[] {
  const left: R[] = []
  let at = 0
  for (const range of ranges) {
    const { fromOffset, toOffset } = range
    while (at < others.length && (others[at] as OffsetRange).toOffset < fromOffset) at += 1
    let next = fromOffset
    for (let index = at; index < others.length && next <= toOffset; index++) {
      const other = others[index] as OffsetRange
      if (other.fromOffset > toOffset) break
      if (other.fromOffset > next) left.push({ ...range, fromOffset: next, toOffset: other.fromOffset - 1 })
      next = other.toOffset + 1
    }
    if (next <= toOffset) left.push({ ...range, fromOffset: next })
  }
  return left
}

/** Bounds of a partition's log: offset of the first record, and offset after the last one. */
interface LogBounds {
  readonly start: number
  readonly end: number
}

/** Returns the ranges of a partition that only its log contains: gaps between the slices, and the records around them. */
export function tailRanges(slices: readonly OffsetRange[], { start, end }: LogBounds): OffsetRange[] {
  return outside([{ fromOffset: start, toOffset: end - 1 }], slices)
}

/**
 * Returns the ranges after the first slice that neither the slices nor the log contain. A single offset is not included, because
 * each transaction leaves one: its marker has an offset, but is not a record.
 *
 * @param log undefined to find what the slices alone lack
 */
export function missingRanges(slices: readonly OffsetRange[], log?: LogBounds): OffsetRange[] {
  const { start, end } = log ?? { start: 0, end: 0 }
  const [first, last] = [slices[0], slices.at(-1)]
  if (!first || !last) return []
  const whole = { fromOffset: first.fromOffset, toOffset: Math.max(last.toOffset, start - 1) }
  const left = outside(outside([whole], slices), [{ fromOffset: start, toOffset: end - 1 }])
  return left.filter(({ fromOffset, toOffset }) => toOffset > fromOffset)
}
