import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { processorTime, timeIn } from '../../../bench/peers/processor-time.ts'
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

describe('the processor time of a side', () => {
  const stat = (name: string, group: number) =>
    `7 (${name}) S 1 ${group} 7 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 9 0 12345 1000 100`

  it('given a process of its groups, whatever its name, then all its time and that of its children counts', () => {
    assert.equal(timeIn(stat('node', 5), [4, 5]), (11 + 22 + 33 + 44) * 10)
    assert.equal(timeIn(stat('a) R 1 9 (b', 5), [5]), (11 + 22 + 33 + 44) * 10)
    assert.equal(timeIn(stat('node', 6), [4, 5]), 0)
    assert.equal(timeIn('', [5]), 0)
  })

  it('given no group, then no process counts', async () => {
    assert.ok([0, undefined].includes(await processorTime([])))
  })
})
