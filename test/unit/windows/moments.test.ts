import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { computeValues, emptyStates, withRow } from '../../../lib/views/aggregates.ts'
import type { Aggregate } from '../../../lib/views/plan.ts'
import {
  isCountable,
  type Moments,
  mergedMoments,
  NO_VALUES,
  sampleDeviation,
  withValue,
} from '../../../lib/windows/moments.ts'

const series = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 100 })

function computeMoments(values: readonly number[]): Moments {
  return values.reduce(withValue, NO_VALUES)
}

function assertClose(actual: number, expected: number, scale: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * scale, `${actual} is not ${expected}`)
}

test('given two sets of values, then their merged moments are those of all values', () => {
  fc.assert(
    fc.property(series, series, (value, other) => {
      const merged = mergedMoments(computeMoments(value), computeMoments(other))
      const all = computeMoments([...value, ...other])
      assert.equal(merged.count, all.count)
      assertClose(merged.mean, all.mean, 1e6)
      assertClose(merged.m2, all.m2, 1e14)
    }),
  )
})

describe('given the standard deviation', () => {
  test('then it has the divisor n − 1', () => {
    assert.equal(sampleDeviation(computeMoments([2, 4, 4, 4, 5, 5, 7, 9])), Math.sqrt(32 / 7))
  })

  test('when there are fewer than two values, then there is none', () => {
    for (const values of [[], [7]]) assert.equal(sampleDeviation(computeMoments(values)), undefined)
  })

  test('then tables have the same, from their exact sums', () => {
    const aggregates: readonly Aggregate[] = [
      { function: 'STDDEV', argument: { kind: 'field', path: ['x'], type: 'DOUBLE' } },
    ]
    fc.assert(
      fc.property(series, values => {
        const row = { timeMs: 0, id: 'a' }
        const states = values.reduce(
          (known, value) => withRow(aggregates, known, [value], row),
          emptyStates(aggregates),
        )
        const [ofTable] = computeValues(aggregates, states)
        const expected = sampleDeviation(computeMoments(values)) ?? null
        assert.equal(ofTable === null, expected === null)
        assertClose(Number(ofTable) ** 2, Number(expected) ** 2, 1e12)
      }),
    )
  })
})

test('given a number that could overflow, then it is not countable', () => {
  for (const value of [1e101, -1e308, Number.NaN, Number.POSITIVE_INFINITY]) assert.ok(!isCountable(value))
  for (const value of [0, -273.15, 1e100]) assert.ok(isCountable(value))
})
