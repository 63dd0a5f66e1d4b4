import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rateAfter } from '../../../bench/peers/rate.ts'
import { differencesOf } from '../../../bench/peers/side.ts'
import type { EntitySummary } from '../../../lib/analytics/process.ts'

const summary = (count: number, mean: number) =>
  ({ family: 'environment', metrics: { temperature: { count, mean } } }) as unknown as EntitySummary

describe('what a side has stored', () => {
  const expected = new Map([
    ['s-1', { count: 3, sum: 0.3 }],
    ['s-2', { count: 1, sum: 20 }],
  ])

  it('given the counts and sums of the reference, then nothing differs, whatever the last digits are', () => {
    const found = new Map([
      ['s-1', summary(3, 0.1)],
      ['s-2', summary(1, 20)],
    ])
    assert.deepEqual(differencesOf(found, expected), [])
  })

  it('given a record too many, too few, another value, or another entity, then each is named', () => {
    const cases: readonly (readonly [string, EntitySummary])[] = [
      ['s-1', summary(4, 0.1)],
      ['s-1', summary(2, 0.1)],
      ['s-1', summary(3, 0.1001)],
      ['s-3', summary(1, 20)],
    ]
    for (const [name, wrong] of cases) {
      const found = new Map([
        ['s-1', summary(3, 0.1)],
        ['s-2', summary(1, 20)],
        [name, wrong],
      ])
      const [line, ...others] = differencesOf(found, expected)
      assert.match(line ?? '', new RegExp(`^${name}: count`))
      assert.deepEqual(others, [])
    }
    assert.equal(differencesOf(new Map(), expected).length, 2)
  })
})

describe('the rate of a side', () => {
  it('given notes in any order, then it is that of the records after the warm-up', () => {
    const note = (atMs: number, count: number) => ({ atMs, count, ages: [] })
    // 100 records in the warm-up; then 300 in 1.5 s.
    const notes = [note(3_500, 200), note(1_000, 60), note(2_000, 40), note(3_000, 100)]
    assert.equal(rateAfter(100, notes), 200)
  })
})
