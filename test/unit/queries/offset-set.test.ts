import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OffsetSet } from '../../../lib/queries/offset-set.ts'

const START = 13
const END = 75
const range = fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 90 }), fc.boolean())

function membersOf(set: OffsetSet): number[] {
  return Array.from({ length: 100 }, (_, offset) => offset).filter(offset => set.has(offset))
}

describe('a set of offsets', () => {
  it('given ranges that are added and removed, then it has what a set of numbers has', () => {
    fc.assert(
      fc.property(fc.array(range), fc.integer({ min: 13, max: 60 }), (changes, from) => {
        const set = new OffsetSet(START, END)
        const expected = new Set<number>()
        for (const [first, last, isIn] of changes) {
          if (isIn) set.add(first, last)
          else set.remove(first, last)
          for (let offset = Math.max(first, START); offset <= Math.min(last, END - 1); offset++)
            if (isIn) expected.add(offset)
            else expected.delete(offset)
        }
        const sorted = [...expected].sort((a, b) => a - b)
        assert.deepEqual(membersOf(set), sorted)
        assert.equal(set.size, sorted.length)
        assert.equal(set.first, sorted[0])
        assert.deepEqual(membersOf(OffsetSet.of(set.stored())), sorted)
        assert.deepEqual(
          membersOf(set.within(from, 70)),
          sorted.filter(offset => offset >= from && offset < 70),
        )
        const grown = set.within(START, 100)
        grown.add(99)
        assert.deepEqual(membersOf(grown), [...sorted, 99])
      }),
    )
  })

  it('given a million offsets, then it takes an eighth of that in bytes, and nothing when they are gone', () => {
    const set = new OffsetSet(5_000_000, 6_000_000)
    set.add(0, Number.MAX_SAFE_INTEGER)
    assert.equal(set.size, 1_000_000)
    assert.ok(set.stored().bits.length < 170_000)
    set.remove(5_000_000, 5_999_999)
    assert.deepEqual([set.size, set.first, set.stored().bits], [0, undefined, ''])
  })
})
