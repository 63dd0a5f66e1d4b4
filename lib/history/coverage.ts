/**
 * Decides from which object each row is read. Several objects can contain a row: the parts of a compacted object remain for a while,
 * and a redelivered segment is written again. Each row counts once. Pure.
 */
import type { HistoryObject, ObjectRange } from './object-key.ts'

/** Range of offsets, both included. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

/** Rows of an object that count. Its rows outside of the range are read from other objects. */
export interface Slice<O extends ObjectRange = HistoryObject> extends OffsetRange {
  readonly object: O
}

/**
 * Returns the slices of one partition in ascending order of offset. They do not overlap. A compacted object takes precedence over
 * every part, so that no reader needs a part that the compactor may delete.
 *
 * @param objects objects of one partition, in any order
 */
export function coverage<O extends ObjectRange>(objects: readonly O[]): Slice<O>[] {
  const compacted = disjoint(objects.filter(({ level }) => level === 'compacted'))
  const parts = outside(disjoint(objects.filter(({ level }) => level === 'parts')), compacted)
  return [...compacted, ...parts].sort((a, b) => a.fromOffset - b.fromOffset)
}

/** Returns slices of objects of one level. The object that begins first provides the rows. */
function disjoint<O extends ObjectRange>(objects: readonly O[]): Slice<O>[] {
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

/** Returns the ranges of slices that no other slice contains. Both lists are in ascending order of offset. */
function outside<O extends ObjectRange>(
  slices: readonly Slice<O>[],
  others: readonly Slice<O>[],
): Slice<O>[] {
  const left: Slice<O>[] = []
  let at = 0
  for (const { object, fromOffset, toOffset } of slices) {
    while (at < others.length && (others[at] as Slice<O>).toOffset < fromOffset) at += 1
    let next = fromOffset
    for (let index = at; index < others.length && next <= toOffset; index++) {
      const other = others[index] as Slice<O>
      if (other.fromOffset > toOffset) break
      if (other.fromOffset > next) left.push({ object, fromOffset: next, toOffset: other.fromOffset - 1 })
      next = other.toOffset + 1
    }
    if (next <= toOffset) left.push({ object, fromOffset: next, toOffset })
  }
  return left
}

/** Returns the ranges between the slices of a partition. The log may have had records there that were never archived. */
export function gaps(slices: readonly OffsetRange[]): OffsetRange[] {
  return slices.flatMap(({ fromOffset }, index) => {
    const before = slices[index - 1]
    if (before === undefined || before.toOffset + 1 === fromOffset) return []
    return [{ fromOffset: before.toOffset + 1, toOffset: fromOffset - 1 }]
  })
}

/**
 * Returns the ranges of a partition that only its log contains: gaps between the slices, and the records after them.
 *
 * @param start offset of the first record in the log
 * @param end offset after the last record in the log
 */
export function tailRanges(
  slices: readonly OffsetRange[],
  { start, end }: { readonly start: number; readonly end: number },
): OffsetRange[] {
  const [first] = slices
  const last = slices.at(-1)
  const before =
    first && start < first.fromOffset ? [{ fromOffset: start, toOffset: first.fromOffset - 1 }] : []
  const after = { fromOffset: last ? last.toOffset + 1 : start, toOffset: end - 1 }
  return [...before, ...gaps(slices), after]
    .map(range => ({
      fromOffset: Math.max(range.fromOffset, start),
      toOffset: Math.min(range.toOffset, end - 1),
    }))
    .filter(range => range.fromOffset <= range.toOffset)
}
