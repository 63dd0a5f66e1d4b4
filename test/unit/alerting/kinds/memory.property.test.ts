import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MEASURES } from '../../../../lib/alerting/kinds/all.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 0, 1)
const values = fc.integer({ min: -50, max: 50 })
/** Minutes between readings; 0 repeats an instant, and the last reading of it counts. */
const series = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 1, 2, 7, 30), values), { maxLength: 80, size: 'max' })
  .map(rows => {
    let timeMs = START
    return rows.map(([step, value]) => {
      timeMs += step * MINUTE
      return { timeMs, value }
    })
  })

/** Returns the compared value at each reading, with the memory stored in between. */
function compared(
  of: keyof typeof MEASURES,
  overMs: number,
  readings: readonly { timeMs: number; value: number }[],
) {
  const { memory } = MEASURES[of]
  let state: object | undefined
  return readings.map(({ timeMs, value }) => {
    const comparison = memory.compare({ of, overMs } as never, state, timeMs, value)
    const stored = JSON.stringify(comparison.state)
    state = JSON.parse(stored)
    return comparison.value
  })
}

const lastOfInstants = (readings: readonly { timeMs: number; value: number }[], beforeMs: number) => [
  ...new Map(
    readings.filter(({ timeMs }) => timeMs < beforeMs).map(reading => [reading.timeMs, reading]),
  ).values(),
]

test('change: against the latest reading that is old enough, and not more than twice as old', () => {
  fc.assert(
    fc.property(series, readings => {
      const expected = readings.map(({ timeMs, value }, index) => {
        const earlier = lastOfInstants(readings.slice(0, index), timeMs)
        const before = earlier.findLast(value => value.timeMs <= timeMs - HOUR)
        return before && before.timeMs >= timeMs - 2 * HOUR ? value - before.value : null
      })
      assert.deepEqual(compared('change', HOUR, readings), expected)
    }),
  )
})

test('deviation: against mean and standard deviation of the instants before, within the parts of the hour', () => {
  fc.assert(
    fc.property(series, readings => {
      const partMs = HOUR / 20
      const found = compared('deviation', HOUR, readings)
      for (const [index, { timeMs, value }] of readings.entries()) {
        const oldest = Math.floor((timeMs - HOUR) / partMs)
        const known = lastOfInstants(readings.slice(0, index), timeMs)
          .filter(instant => Math.floor(instant.timeMs / partMs) > oldest)
          .map(instant => instant.value)
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length
        const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1)
        if (known.length < 10) assert.equal(found[index], null)
        else if (variance > 1e-6) {
          const expected = (value - mean) / Math.sqrt(variance)
          assert.ok(Math.abs((found[index] as number) - expected) < 1e-6 * Math.max(1, Math.abs(expected)))
        }
      }
    }),
  )
})
