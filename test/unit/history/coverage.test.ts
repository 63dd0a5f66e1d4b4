import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { coverage, missingRanges, tailRanges } from '../../../lib/history/coverage.ts'

const anyObjects = fc.array(
  fc
    .record({ firstOffset: fc.nat(60), rows: fc.integer({ min: 1, max: 25 }) })
    .map(({ firstOffset, rows }) => {
      const lastOffset = firstOffset + rows - 1
      return {
        table: 'alerts',
        topic: 'alerts',
        day: '2026-03-01',
        partition: 0,
        firstOffset,
        lastOffset,
      } as const
    }),
  { maxLength: 12 },
)

describe('coverage of a partition', () => {
  it('has each offset of the objects once, from an object that has it', () => {
    fc.assert(
      fc.property(anyObjects, objects => {
        let next = 0
        const found = new Set<number>()
        for (const { object, fromOffset, toOffset } of coverage(objects)) {
          assert.ok(next <= fromOffset && fromOffset <= toOffset)
          assert.ok(object.firstOffset <= fromOffset && toOffset <= object.lastOffset)
          for (next = fromOffset; next <= toOffset; next++) found.add(next)
        }
        for (let offset = 0; offset < 100; offset++) {
          const isThere = objects.some(one => one.firstOffset <= offset && offset <= one.lastOffset)
          assert.equal(found.has(offset), isThere, `offset ${offset}`)
        }
      }),
    )
  })

  it('given the bounds of the log, then each later offset is in a slice, in the log alone, or missing', () => {
    const bounds = fc.tuple(fc.nat(90), fc.nat(90)).map(both => both.sort((a, b) => a - b))
    fc.assert(
      fc.property(anyObjects, bounds, (objects, [start = 0, end = 0]) => {
        const slices = coverage(objects)
        const tail = tailRanges(slices, { start, end })
        const missing = missingRanges(slices, { start, end })
        const has = (ranges: typeof missing, offset: number) =>
          ranges.some(one => one.fromOffset <= offset && offset <= one.toOffset)
        const last = Math.max(slices.at(-1)?.toOffset ?? -1, start - 1)
        const isGone = (offset: number) =>
          offset >= (slices[0]?.fromOffset ?? Infinity) &&
          offset <= last &&
          !has(slices, offset) &&
          (offset < start || offset >= end)
        for (let offset = 0; offset < 100; offset++) {
          assert.equal(has(tail, offset), offset >= start && offset < end && !has(slices, offset))
          // A single offset can be the marker of a transaction.
          const isRange = isGone(offset) && (isGone(offset - 1) || isGone(offset + 1))
          assert.equal(has(missing, offset), isRange, `offset ${offset}`)
        }
      }),
    )
  })
})
