import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findNatures, type MetricStatistics, withReading } from '../../../lib/analytics/metric-statistics.ts'
import { assignToMinute, type Minutes } from '../../../lib/analytics/minutes.ts'
import {
  addValue,
  findRise,
  type Statistics,
  showSpread,
  showStatistics,
  summarizeStatistics,
} from '../../../lib/analytics/statistics.ts'
import { meanAngle, NO_ANGLES, toVectorLength, turnBetween, withAngle } from '../../../lib/windows/circle.ts'

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
        assertClose(summarizeStatistics(a).mean, summarizeStatistics(b).mean, 1e6)
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

/** A log of a counter: what it rises between readings, and whether the device restarts before one. */
const steps = fc.array(
  fc.record({ rise: fc.nat(1_000), restarts: fc.boolean(), gapMs: fc.nat(90_000), isLate: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
)

type Reading = { readonly value: number; readonly timeMs: number }

function toReadings(
  log: readonly { rise: number; restarts: boolean; gapMs: number; isLate: boolean }[],
): Reading[] {
  let [value, timeMs] = [0, 0]
  return log.map(({ rise, restarts, gapMs, isLate }) => {
    value = restarts ? rise : value + rise
    timeMs += gapMs
    return { value, timeMs: isLate ? Math.max(0, timeMs - 200_000) : timeMs }
  })
}

/** Sum of what a counter rose: of equal times the first reading counts, and none that is older than the newest. */
function countRises(readings: readonly Reading[]): number {
  const newer = readings.filter(({ timeMs }, index) =>
    readings.slice(0, index).every(other => other.timeMs < timeMs),
  )
  return newer.slice(1).reduce((sum, { value }, index) => {
    const before = (newer[index] as Reading).value
    return sum + (value < before ? value : value - before)
  }, 0)
}

describe('given a counter', () => {
  const COUNTER = { kinds: { energy: 'counter' } } as const
  /** Adds readings, and returns the statistics of all, and the increases of the minutes in the order in which they were closed. */
  function count(readings: readonly Reading[]) {
    let all: MetricStatistics = {}
    let minutes: Minutes | undefined
    const increases = new Map<number, number>()
    for (const { value, timeMs } of readings) {
      const reading = { values: [['energy', value] as const], timeMs }
      const measured = { ...reading, natures: findNatures(COUNTER, all, reading, new Map()) }
      all = JSON.parse(JSON.stringify(withReading(all, measured)))
      minutes = assignToMinute(minutes, measured).minutes
      for (const [start, { energy }] of minutes) increases.set(start, energy?.increase ?? 0)
    }
    return { all: all.energy as Statistics, increases: [...increases.values()] }
  }

  test('when it restarts and readings come late or twice, then it has risen as an independent count says', () => {
    fc.assert(
      fc.property(steps, log => {
        const readings = toReadings(log)
        assert.equal(count(readings).all.increase, countRises(readings))
      }),
    )
  })

  test('when its minutes are added up, then their increases are that of the whole', () => {
    fc.assert(
      fc.property(steps, log => {
        const { all, increases } = count(toReadings(log))
        assert.equal(
          increases.reduce((sum, increase) => sum + increase, 0),
          all.increase,
        )
      }),
    )
  })

  test('when it stands still or is below 0, then it has risen by 0, and its increase never falls', () => {
    const increase = (...values: number[]) =>
      summarizeStatistics(count(values.map((value, timeMs) => ({ value, timeMs }))).all).increase
    assert.deepEqual([increase(7), increase(7, 7)], [0, 0])
    assert.deepEqual([increase(5, -3), increase(5, 9, -3, 2)], [0, 4 + 5])
    fc.assert(
      fc.property(fc.array(values, { minLength: 2 }), all => {
        assert.ok((increase(...all) as number) >= (increase(...all.slice(0, -1)) as number))
      }),
    )
  })

  test('when two readings have the same time, then the first counts, and the newest value is that of the last', () => {
    const { all } = count([10, 90, 30].map((value, index) => ({ value, timeMs: index === 2 ? 2 : 1 })))
    assert.deepEqual([all.increase, all.last, all.minimum, all.maximum, all.count], [20, 30, 10, 90, 3])
    assert.equal(count([10, 90].map(value => ({ value, timeMs: 1 }))).all.last, 90)
  })
})

describe('given a direction', () => {
  const angles = fc.array(fc.double({ min: 0, max: 360, noNaN: true }), { minLength: 1, maxLength: 50 })
  const summarize = (all: readonly number[]) => {
    const add = (before: Statistics | undefined, angle: number) =>
      addValue(before, angle, 0, { kind: 'direction' })
    return summarizeStatistics(all.reduce<Statistics | undefined>(add, undefined) as Statistics)
  }
  const distance = (a: number, b: number) => Math.abs(turnBetween(a, b))

  test('when all angles are turned, then the mean turns with them, and the deviation stays', () => {
    fc.assert(
      fc.property(angles, fc.double({ min: -720, max: 720, noNaN: true }), (all, turn) => {
        const [before, after] = [summarize(all), summarize(all.map(angle => angle + turn))]
        const length = toVectorLength(before.standardDeviation)
        // The less the angles agree, the more a rounding error moves their mean.
        fc.pre(length > 1e-4)
        assert.ok(distance(before.mean + turn, after.mean) < 1e-6)
        assert.ok(Math.abs(length - toVectorLength(after.standardDeviation)) < 1e-9)
        assert.ok(after.mean >= 0 && after.mean < 360)
      }),
    )
  })

  test('when all are equal, then that is the mean, and there is no deviation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_599 }), fc.integer({ min: 1, max: 200 }), (tenths, times) => {
        const { mean, standardDeviation } = summarize(Array(times).fill(tenths / 10))
        assert.ok(distance(mean, tenths / 10) < 1e-9)
        assert.equal(standardDeviation, 0)
      }),
    )
  })

  test('when they lie evenly around north, then the mean is 0 and not almost 360', () => {
    for (let tenths = 0; tenths < 800; tenths += 1)
      assert.equal(summarize([360 - tenths / 10, tenths / 10]).mean, 0)
  })

  test('when they nearly cancel out, then they still have a mean, and when they do, they have none', () => {
    for (const wide of [1e-1, 1e-3, 1e-5, 1e-6]) {
      const { mean, standardDeviation } = summarize([90 - 90, 180 - wide])
      assert.ok(distance(mean, 90 - wide / 2) < 1e-3, `${mean}`)
      assert.ok(toVectorLength(standardDeviation) > 0)
    }
    fc.assert(
      fc.property(fc.nat(359), fc.integer({ min: 1, max: 100 }), (angle, times) => {
        const all = Array(times)
          .fill([angle, angle + 180])
          .flat()
        assert.equal(showSpread(summarize(all), 'direction').mean, null)
        // As charts add the minutes of a long time.
        const many = withAngle(withAngle(NO_ANGLES, angle, 1e9 * times), angle + 180, 1e9 * times)
        assert.equal(meanAngle(many), undefined)
      }),
    )
  })

  test('when an angle turns, then by more than −180 and up to 180 degrees', () => {
    assert.deepEqual([turnBetween(0, 180), turnBetween(180, 0), turnBetween(270, 90)], [180, 180, 180])
    fc.assert(
      fc.property(fc.integer({ min: -720, max: 720 }), fc.integer({ min: -179, max: 180 }), (from, turn) => {
        assert.equal(turnBetween(from, from + turn), turn)
      }),
    )
  })

  test('when they are around north, then the mean is north', () => {
    assert.equal(summarize([350, 10]).mean, 0)
    assert.equal(summarize([359, 2]).mean, 0.5)
    assert.equal(summarize([90, 90]).standardDeviation, 0)
    // Batschelet: the angular deviation of 45° and 135° is that of two vectors 90° apart.
    assert.ok(Math.abs(summarize([45, 135]).standardDeviation - 43.852) < 0.001)
  })

  test('when they point everywhere, then the mean is the newest value, and faces say that there is none', () => {
    const { mean, standardDeviation } = summarize([0, 120, 240])
    assert.equal(mean, 240)
    assert.equal(toVectorLength(standardDeviation), 0)
    assert.equal(showSpread(summarize([0, 180]), 'direction').mean, null)
  })
})

describe('given a family that says later that a metric is something else', () => {
  test('when the next reading comes, then its statistics begin anew, and say since when', () => {
    const gauge = computeStatistics([
      [10, 1_000],
      [20, 2_000],
    ])
    const counter = addValue(gauge, 25, 3_000, { kind: 'counter', rise: findRise(gauge, 25, 3_000) })
    const further = addValue(counter, 40, 4_000, { kind: 'counter', rise: findRise(counter, 40, 4_000) })
    assert.deepEqual([further.count, further.increase, further.minimum], [2, 15, 25])
    assert.equal(showStatistics(further).since, '1970-01-01T00:00:03.000Z')
    const again = addValue(further, 1, 5_000)
    assert.deepEqual([again.count, again.increase], [1, undefined])
    assert.equal(showStatistics(again).since, '1970-01-01T00:00:05.000Z')
  })
})
