import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type CompactionGroup,
  compactionGroups,
  DELETED_AFTER_MS,
  expiredObjects,
  type Frontier,
  frontierText,
  movedFrontier,
  nextFrontier,
  overlappingObjects,
  parseFrontiers,
  rowsIn,
  settledOffset,
  supersededObjects,
} from '../../../lib/history/compaction.ts'
import { coverage, missingRanges } from '../../../lib/history/coverage.ts'
import { type HistoryObject, objectKey } from '../../../lib/history/object-key.ts'
import { partOf } from '../../support/memory-history.ts'

const DAY_MS = 86_400_000
const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const LIMITS = { rows: 100, bytes: 1_000_000 }

function part(firstOffset: number, lastOffset: number, atMs = NOON_MS): HistoryObject {
  return partOf({ firstOffset, lastOffset, atMs })
}

function compacted(firstOffset: number, lastOffset: number, atMs = NOON_MS): HistoryObject {
  return objectOf({ range: { ...part(firstOffset, lastOffset, atMs), level: 'compacted' }, slices: [] })
}

function objectOf({ range }: CompactionGroup): HistoryObject {
  return { ...range, key: objectKey(range), bytes: 1_000, modifiedMs: NOON_MS }
}

function rangesIn(objects: readonly HistoryObject[], limits = LIMITS): number[][] {
  return compactionGroups(objects, limits).map(({ range }) => [range.firstOffset, range.lastOffset])
}

describe('groups of a compaction', () => {
  it('given parts of one day below the limit, then they wait', () => {
    assert.deepEqual(rangesIn([part(0, 39), part(40, 79)]), [])
  })

  it('given a part that exceeds the limit, then the group ends before it', () => {
    assert.deepEqual(rangesIn([part(0, 39), part(40, 79), part(80, 119)]), [[0, 79]])
  })

  it('given parts that reach the limit, then the group ends with them', () => {
    assert.deepEqual(rangesIn([part(0, 39), part(40, 99)]), [[0, 99]])
  })

  it('given a part of another day, then the group ends before it, and has the first day', () => {
    const [group] = compactionGroups([part(0, 9), part(10, 19, NOON_MS + DAY_MS)], LIMITS)
    assert.deepEqual([group?.range.lastOffset, group?.range.day], [9, '2026-03-01'])
    // The clock jumped back.
    assert.deepEqual(rangesIn([part(0, 9), part(10, 19, NOON_MS - DAY_MS)]), [[0, 9]])
  })

  it('given parts whose size exceeds the limit, then the group ends before the last one', () => {
    const limits = { rows: 100, bytes: 2_500 }
    assert.deepEqual(rangesIn([part(0, 9), part(10, 19), part(20, 29)], limits), [[0, 19]])
  })

  it('given a missing range, then no object spans it; given one offset, a transaction marker, then it does', () => {
    assert.deepEqual(rangesIn([part(0, 9), part(12, 19)]), [[0, 9]])
    assert.deepEqual(rangesIn([part(0, 9), part(11, 19), part(20, 100)]), [[0, 100]])
  })

  it('given a part that only fills a gap between compacted objects, then it is compacted at once', () => {
    const objects = [compacted(0, 49), compacted(60, 99), part(45, 65)]
    assert.deepEqual(rangesIn(objects), [[50, 59]])
  })

  it('given a part of which compacted objects contain every row, then no group has it', () => {
    assert.deepEqual(rangesIn([compacted(0, 49), compacted(50, 99), part(40, 60), part(0, 99)]), [])
  })
})

/** Parts of a log: consecutive, with a gap or a new day here and there, and some redelivered with other limits. */
const anyParts = fc
  .array(
    fc.record({
      rows: fc.integer({ min: 1, max: 60 }),
      gap: fc.constantFrom(0, 0, 0, 1, 2, 7),
      days: fc.constantFrom(0, 0, 0, 1, -1),
      again: fc.constantFrom(0, 0, 0, 5, 30),
    }),
    { maxLength: 30 },
  )
  .map(steps => {
    let [next, atMs] = [0, NOON_MS]
    return steps.flatMap(({ rows, gap, days, again }) => {
      atMs += days * DAY_MS
      const first = next + gap
      next = first + rows
      const own = part(first, next - 1, atMs)
      return again === 0 ? [own] : [own, part(Math.max(0, first - again), next - 1, atMs)]
    })
  })

describe('properties of a compaction', () => {
  const rowsOf = (objects: readonly HistoryObject[]) =>
    coverage(objects).flatMap(({ fromOffset, toOffset }) =>
      Array.from({ length: toOffset - fromOffset + 1 }, (_, row) => fromOffset + row),
    )

  it('compacts each row once, into objects within the limits that do not overlap', () => {
    fc.assert(
      fc.property(anyParts, parts => {
        const groups = compactionGroups(parts, LIMITS)
        const written = groups.map(objectOf)
        for (const { slices } of groups) {
          assert.ok(rowsIn(slices) <= LIMITS.rows || slices.length === 1)
          assert.equal(new Set(slices.map(({ object }) => object.day)).size, 1)
          assert.deepEqual(missingRanges(slices), [])
        }
        assert.deepEqual(overlappingObjects(written), [])
        const after = [...parts, ...written]
        // A marker's offset inside of an object counts as a row here.
        const before = new Set(rowsOf(parts))
        assert.deepEqual(
          rowsOf(after).filter(offset => before.has(offset)),
          [...before],
        )
        assert.deepEqual(compactionGroups(after, LIMITS), [])
      }),
    )
  })

  it('has the same groups after further parts, so a second compactor writes the same objects', () => {
    fc.assert(
      fc.property(anyParts, fc.nat(30), (parts, count) => {
        const log = coverage(parts).map(({ object, fromOffset, toOffset }) => {
          return part(fromOffset, toOffset, Date.parse(object.day))
        })
        const early = compactionGroups(log.slice(0, count), LIMITS).map(({ range }) => range)
        const late = compactionGroups(log, LIMITS).map(({ range }) => range)
        assert.deepEqual(late.slice(0, early.length), early)
      }),
    )
  })

  it('moves the frontier only over compacted rows, and supersedes only objects that no reader uses', () => {
    fc.assert(
      fc.property(anyParts, fc.nat(10), (parts, count) => {
        const written = compactionGroups(parts, LIMITS).slice(0, count).map(objectOf)
        const objects = [...parts, ...written]
        assert.equal(nextFrontier(objects, -1, NOON_MS), -1)
        const frontier = nextFrontier(objects, -1, NOON_MS + DELETED_AFTER_MS)
        const used = coverage(objects)
        for (const { object, fromOffset } of used)
          if (fromOffset <= frontier) assert.equal(object.level, 'compacted')
        assert.ok(frontier === -1 || used.some(({ toOffset }) => toOffset === frontier))
        for (const one of supersededObjects(objects, frontier, NOON_MS + DELETED_AFTER_MS)) {
          assert.ok(one.lastOffset <= frontier)
          assert.ok(!used.some(({ object }) => object === one))
        }
      }),
    )
  })
})

describe('objects that are not needed any more', () => {
  const objects = [compacted(0, 99), part(0, 49), part(50, 99), part(100, 149)]
  const keys = (found: readonly HistoryObject[]) => found.map(one => one.firstOffset)

  it('given a frontier that has settled, then its parts are superseded; others are not', () => {
    const nowMs = NOON_MS + DELETED_AFTER_MS
    assert.deepEqual(keys(supersededObjects(objects, 99, nowMs)), [0, 50])
    assert.deepEqual(keys(supersededObjects(objects, 60, nowMs)), [0])
    assert.deepEqual(keys(supersededObjects(objects, -1, nowMs)), [])
  })

  it('given a compacted object that is younger than an hour, then its parts stay', () => {
    assert.deepEqual(supersededObjects(objects, 99, NOON_MS + DELETED_AFTER_MS - 1), [])
  })

  it('given a retention, then only objects expire whose last row is older', () => {
    const old = [part(0, 9, NOON_MS - 2 * DAY_MS), part(10, 19, NOON_MS - DAY_MS), part(20, 29)]
    const endMs = Date.parse('2026-03-01T00:10:00Z')
    assert.deepEqual(keys(expiredObjects(old, DAY_MS, endMs + DAY_MS)), [0, 10])
    assert.deepEqual(keys(expiredObjects(old, DAY_MS, endMs + DAY_MS - 1)), [0])
    assert.deepEqual(expiredObjects(old, undefined, endMs + 10_000 * DAY_MS), [])
  })

  it('given compacted objects with rows in common, then they are listed', () => {
    assert.deepEqual(
      keys(overlappingObjects([compacted(0, 99), compacted(90, 199), compacted(200, 299)])),
      [90],
    )
  })
})

describe('the frontier', () => {
  const HOUR_MS = DELETED_AFTER_MS

  it('settles an hour after each move, even if it moves more often', () => {
    let frontier: Frontier | undefined
    for (let hour = 0; hour <= 5; hour++)
      frontier = movedFrontier(frontier, hour * 100, NOON_MS + hour * (HOUR_MS - 1))
    const lastMs = NOON_MS + 5 * (HOUR_MS - 1)
    assert.equal(settledOffset(frontier, lastMs), 300)
    assert.equal(settledOffset(frontier, lastMs + HOUR_MS - 1), 400)
    assert.equal(settledOffset(frontier, lastMs + HOUR_MS), 500)
    assert.ok((frontier?.moves.length ?? 9) <= 3)
  })

  it('does not move back', () => {
    const frontier = movedFrontier(undefined, 100, NOON_MS)
    assert.equal(movedFrontier(frontier, 99, NOON_MS + HOUR_MS), frontier)
    assert.equal(nextFrontier([part(0, 9)], 99, NOON_MS), 99)
  })

  it('is a line for each partition', () => {
    const frontiers = new Map([
      [1, movedFrontier(undefined, 5, NOON_MS)],
      [0, movedFrontier(undefined, 7, NOON_MS)],
    ])
    const text = frontierText(frontiers)
    assert.equal(
      text,
      '{"partition":0,"to_offset":7,"moves":[{"to_offset":7,"at":"2026-03-01T12:00:00.000Z"}]}\n' +
        '{"partition":1,"to_offset":5,"moves":[{"to_offset":5,"at":"2026-03-01T12:00:00.000Z"}]}\n',
    )
    assert.deepEqual(parseFrontiers(text), frontiers)
    assert.deepEqual(parseFrontiers(''), new Map())
    for (const damaged of ['{', '{"partition":0}\n', '[]\n', text.slice(0, 100)])
      assert.equal(parseFrontiers(damaged), undefined, damaged)
  })
})
