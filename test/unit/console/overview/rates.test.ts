import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addSnapshot, computeRate, toColumns } from '../../../../console/page/overview/rates.ts'

type Looks = Parameters<typeof addSnapshot>[0]

const known = <T>(value: T, asOfMs: number) => ({ value, asOfMs, state: 'now' as const })

function seen(...looks: readonly [atMs: number, count: number | null][]): Looks {
  return looks.reduce<Looks>(
    (before, [atMs, count]) =>
      addSnapshot(before, { atMs, counters: known({ count }, atMs), firing: known([], atMs) }),
    [],
  )
}

describe('rates of the overview', () => {
  it('given two looks, then the growth between them is that of a second', () => {
    assert.equal(computeRate(seen([0, 10], [4_000, 50]), 'count'), 10)
  })

  it('given looks that are older than the span, then they no longer count', () => {
    assert.equal(computeRate(seen([0, 0], [4_000, 1_000], [16_000, 1_012]), 'count'), 1)
  })

  it('given one look, an unknown count or one that was reset, then the rate is unknown', () => {
    assert.equal(computeRate(seen([0, 10]), 'count'), null)
    assert.equal(computeRate(seen([0, null], [4_000, 10]), 'count'), null)
    assert.equal(computeRate(seen([0, 10], [4_000, 2]), 'count'), null)
    assert.equal(computeRate(seen([0, 10], [4_000, 20]), 'other'), null)
  })

  it('given an answer that reuses counters, then it is no second look', () => {
    const again = addSnapshot(seen([0, 10]), {
      atMs: 50,
      counters: known({ count: 10 }, 0),
      firing: known([], 0),
    })
    assert.deepEqual([again.length, computeRate(again, 'count')], [1, null])
  })

  it('given looks of a quarter of an hour, then a chart has the rate of each, unknown at the first, and no earlier ones', () => {
    const looks = seen([0, 0], [1_000_000, 10], [1_004_000, 50], [1_100_000, 60])
    const { times, lists } = toColumns(looks, until => computeRate(until, 'count'))
    assert.deepEqual([times, lists], [[1_000, 1_004, 1_100], [[null, 10, null]]])
  })
})
