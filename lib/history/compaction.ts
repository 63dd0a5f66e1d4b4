/**
 * Plans the compaction of the history. The compactor merges the parts of a partition into compacted objects, moves the frontier over
 * them and, at least an hour later, deletes the parts. Pure.
 */
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { isObject } from '../json.ts'
import { coverage, missingRanges, type OffsetRange, type Slice } from './coverage.ts'
import type { HistoryObject, ObjectRange } from './object-key.ts'

/** Limits of a compacted object. `bytes` limits the size of its parts, which are in memory together. */
export interface CompactionLimits {
  readonly rows: number
  readonly bytes: number
}

export const COMPACTION_LIMITS: CompactionLimits = { rows: 1_000_000, bytes: 32 * 1024 * 1024 }

/**
 * Minimum time in milliseconds between the moment when readers can use a compacted object and the deletion of its parts. A query
 * that has listed the objects before must be able to read them until it ends.
 */
export const DELETED_AFTER_MS = 60 * 60_000

/** Maximum time span of an object beyond its day, in milliseconds. */
const MAX_OVERLAP_MS = 10 * 60_000
const DAY_MS = 24 * 60 * 60_000

/** Parts that become one compacted object. */
export interface CompactionGroup {
  readonly range: ObjectRange
  /** Rows of the object, in ascending order of offset. */
  readonly slices: readonly Slice[]
}

/**
 * Returns the groups of a partition that are complete, in ascending order of offset. A group ends at a limit, at a missing range, at
 * a compacted object, and where the next part belongs to another day. The last parts of a partition therefore wait until a later
 * part ends their group. The groups depend only on the objects, so two compactors write the same objects.
 *
 * @param objects objects of one partition
 */
export function compactionGroups(
  objects: readonly HistoryObject[],
  limits: CompactionLimits = COMPACTION_LIMITS,
): CompactionGroup[] {
  const groups: CompactionGroup[] = []
  let open: Slice[] = []
  const close = () => {
    if (open.length > 0) groups.push(groupOf(open))
    open = []
  }
  for (const slice of coverage(objects)) {
    if (slice.object.level === 'compacted') {
      close()
      continue
    }
    const before = open.at(-1)
    if (before && (isApart(before, slice) || isBeyond([...open, slice], limits))) close()
    open.push(slice)
    if (rowsIn(open) >= limits.rows) close()
  }
  return groups
}

function isApart(before: Slice, slice: Slice): boolean {
  return before.object.day !== slice.object.day || missingRanges([before, slice]).length > 0
}

function isBeyond(slices: readonly Slice[], { rows, bytes }: CompactionLimits): boolean {
  return rowsIn(slices) > rows || slices.reduce((sum, { object }) => sum + object.bytes, 0) > bytes
}

/** Returns the number of offsets in the slices, which is the maximum number of their rows. */
export function rowsIn(slices: readonly OffsetRange[]): number {
  return slices.reduce((sum, { fromOffset, toOffset }) => sum + toOffset - fromOffset + 1, 0)
}

function groupOf(slices: readonly Slice[]): CompactionGroup {
  const [first, last] = [slices[0], slices.at(-1)] as [Slice, Slice]
  const { table, topic, day, partition } = first.object
  const offsets = { firstOffset: first.fromOffset, lastOffset: last.toOffset }
  return { range: { table, level: 'compacted', topic, day, partition, ...offsets }, slices }
}

/**
 * Returns the last offset before which all rows are in compacted objects, so that readers need no parts up to there. Objects that
 * were written within the last hour do not count: a query that listed the objects before may read the frontier after it has moved.
 *
 * @param frontier the frontier so far, which never moves back; -1 if none exists
 */
export function nextFrontier(objects: readonly HistoryObject[], frontier: number, nowMs: number): number {
  const slices = coverage(objects)
  const settledMs = nowMs - DELETED_AFTER_MS
  const first = slices.findIndex(
    ({ object, toOffset }) =>
      toOffset > frontier && (object.level === 'parts' || object.modifiedMs > settledMs),
  )
  const last = slices[(first === -1 ? slices.length : first) - 1]
  return Math.max(frontier, last?.toOffset ?? -1)
}

/**
 * Returns the objects that no reader uses any more, because compacted objects contain their rows.
 *
 * @param settled offset that the frontier has reached at least `DELETED_AFTER_MS` ago
 */
export function supersededObjects(
  objects: readonly HistoryObject[],
  settled: number,
  nowMs: number,
): HistoryObject[] {
  const slices = coverage(objects)
  const used = new Set(slices.map(({ object }) => object))
  const recent = slices.filter(
    ({ object }) => object.level === 'compacted' && object.modifiedMs > nowMs - DELETED_AFTER_MS,
  )
  return objects.filter(
    one =>
      !used.has(one) &&
      one.lastOffset <= settled &&
      !recent.some(slice => slice.fromOffset <= one.lastOffset && slice.toOffset >= one.firstOffset),
  )
}

/** Returns the compacted objects that have rows in common. Athena, which compares parts only, returns those rows twice. */
export function overlappingObjects(objects: readonly HistoryObject[]): HistoryObject[] {
  const compacted = objects.filter(({ level }) => level === 'compacted')
  const whole = coverage(compacted).filter(
    ({ object, fromOffset, toOffset }) => fromOffset === object.firstOffset && toOffset === object.lastOffset,
  )
  const alone = new Set(whole.map(({ object }) => object))
  return compacted.filter(one => !alone.has(one))
}

/**
 * Returns the objects whose rows are all older than the retention of their table.
 *
 * @param retentionMs undefined if rows are kept forever
 */
export function expiredObjects(
  objects: readonly HistoryObject[],
  retentionMs: number | undefined,
  nowMs: number,
): HistoryObject[] {
  if (retentionMs === undefined) return []
  return objects.filter(({ day }) => Date.parse(day) + DAY_MS + MAX_OVERLAP_MS <= nowMs - retentionMs)
}

/** Progress of the compaction of one partition. */
export interface Frontier {
  /** Up to this offset, all rows are in compacted objects. */
  readonly toOffset: number
  /** Moves of the last hour and the last one before, in order of time. */
  readonly moves: readonly { readonly toOffset: number; readonly atMs: number }[]
}

export type Frontiers = ReadonlyMap<number, Frontier>

/** Returns the offset that the frontier has reached at least `DELETED_AFTER_MS` ago; -1 if there is none. */
export function settledOffset(frontier: Frontier | undefined, nowMs: number): number {
  return frontier?.moves.findLast(({ atMs }) => atMs <= nowMs - DELETED_AFTER_MS)?.toOffset ?? -1
}

/** Returns the frontier after a move. A frontier never moves back. */
export function movedFrontier(frontier: Frontier | undefined, toOffset: number, nowMs: number): Frontier {
  if (frontier && frontier.toOffset >= toOffset) return frontier
  const moves = frontier?.moves ?? []
  const settled = moves.findLastIndex(({ atMs }) => atMs <= nowMs - DELETED_AFTER_MS)
  return { toOffset, moves: [...moves.slice(Math.max(0, settled)), { toOffset, atMs: nowMs }] }
}

/** Formats the frontiers of a topic: a line of JSON for each partition. Athena reads `partition` and `to_offset`. */
export function frontierText(frontiers: Frontiers): string {
  return [...frontiers]
    .toSorted(([a], [b]) => a - b)
    .map(([partition, { toOffset, moves }]) => {
      const timed = moves.map(({ toOffset, atMs }) => ({ to_offset: toOffset, at: instant(atMs) }))
      return `${JSON.stringify({ partition, to_offset: toOffset, moves: timed })}\n`
    })
    .join('')
}

/** Parses the frontiers of a topic. Returns undefined if the text is not valid. */
export function parseFrontiers(text: string): Map<number, Frontier> | undefined {
  try {
    return new Map(text.split('\n').filter(Boolean).map(frontierIn))
  } catch {
    return undefined
  }
}

function frontierIn(line: string): [number, Frontier] {
  const { partition, to_offset: toOffset, moves = [] } = JSON.parse(line)
  if (![partition, toOffset].every(Number.isSafeInteger) || !Array.isArray(moves)) throw new TypeError(line)
  const timed = moves.filter(isObject).map(move => {
    return { toOffset: Number(move.to_offset), atMs: Date.parse(String(move.at)) }
  })
  return [partition, { toOffset, moves: timed }]
}
