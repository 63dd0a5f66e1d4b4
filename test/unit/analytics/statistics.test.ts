import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { addValue, type Statistics, summarizeStatistics } from '../../../lib/analytics/statistics.ts'

type Sample = readonly [value: number, timeMs: number]

function computeStatistics(samples: readonly Sample[]): Statistics {
  const statistics = samples.reduce<Statistics | undefined>(
    (before, [value, timeMs]) => addValue(before, value, timeMs),
    undefined,
  )
  assert.ok(statistics)
  return statistics
}

/** Without -0, which has a test of its own. */
const values = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(value => value + 0)
const series = fc.array(fc.tuple(values, fc.nat(1_000_000)), { minLength: 1, maxLength: 200 })

function assertClose(actual: number, expected: number, scale: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, scale), `${actual} is not ${expected}`)
}

describe('given any values', () => {
  test('when they are counted one by one, then the result is that of two passes over all', () => {
    fc.assert(
      fc.property(series, samples => {
        const all = samples.map(([value]) => value)
        const mean = all.reduce((sum, value) => sum + value, 0) / all.length
        const variance =
          all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, all.length - 1)
        const summary = summarizeStatistics(computeStatistics(samples))
        assert.equal(summary.count, all.length)
        assertClose(summary.mean, mean, 1e6)
        assertClose(summary.standardDeviation ** 2, variance, 1e12)
        assert.equal(summary.minimum, Math.min(...all))
        assert.equal(summary.maximum, Math.max(...all))
      }),
    )
  })

  test('when they come in another order, then count, minimum and maximum are the same, and the mean nearly', () => {
    const twoOrders = series.chain(samples =>
      fc.tuple(
        fc.constant(samples),
        fc.shuffledSubarray(samples, { minLength: samples.length, maxLength: samples.length }),
      ),
    )
    fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        const [a, b] = [computeStatistics(one), computeStatistics(other)]
        assert.deepEqual([a.count, a.minimum, a.maximum], [b.count, b.minimum, b.maximum])
        assert.equal(a.lastAtMs, b.lastAtMs)
        assertClose(a.mean, b.mean, 1e6)
      }),
    )
  })

  test('when the state goes through JSON in the middle, then nothing changes', () => {
    fc.assert(
      fc.property(series, series, (before, after) => {
        const through = after.reduce<Statistics>(
          (state, [value, timeMs]) => addValue(JSON.parse(JSON.stringify(state)), value, timeMs),
          computeStatistics(before),
        )
        assert.deepEqual(
          summarizeStatistics(through),
          summarizeStatistics(computeStatistics([...before, ...after])),
        )
      }),
    )
  })

  test('when they are the greatest that count, then the state stays finite', () => {
    const great = computeStatistics([1e100, -1e100, 1e100].map(value => [value, 0]))
    for (const [name, number] of Object.entries(great)) assert.ok(Number.isFinite(number), name)
  })
})

test('given a small spread around a large mean, then no digit is lost', () => {
  const { standardDeviation } = summarizeStatistics(
    computeStatistics([4, 7, 13, 16].map(value => [1e9 + value, 0])),
  )
  assertClose(standardDeviation, Math.sqrt(30), 1)
})

describe('given one value', () => {
  test('then its standard deviation is 0', () => {
    assert.equal(summarizeStatistics(computeStatistics([[7, 0]])).standardDeviation, 0)
  })
})

describe('given which value is the last', () => {
  // biome-ignore format: a table
  const cases: [name: string, samples: Sample[], last: number][] = [
    ['the later event time', [[1, 10], [2, 20]], 2],
    ['the later event time, come first', [[2, 20], [1, 10]], 2],
    ['at one instant, the later call', [[1, 20], [2, 20]], 2],
  ]
  for (const [name, samples, last] of cases) {
    test(`then it is ${name}`, () => {
      const summary = summarizeStatistics(computeStatistics(samples))
      assert.equal(summary.last, last)
      assert.equal(summary.lastAt, '1970-01-01T00:00:00.020Z')
    })
  }
})

test('given -0, then the state holds 0, as it will when it comes back from the store', () => {
  const state = computeStatistics([[-0, 0]])
  assert.deepEqual(state, JSON.parse(JSON.stringify(state)))
})
