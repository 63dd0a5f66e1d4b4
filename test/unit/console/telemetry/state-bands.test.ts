import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sumHours, toBands } from '../../../../console/api/telemetry/state-bands.ts'
import { listValues, sumBands } from '../../../../console/page/telemetry/entity-series.ts'
import { formatTimeIn } from '../../../../console/page/telemetry/telemetry-texts.ts'
import type { StateSpan } from '../../../../lib/analytics/state-times.ts'
import { HOUR_MS } from '../../../../lib/support/duration.ts'

/** Range of seconds, with the seconds in each value and the value at its end. */
type Range = readonly [from: number, to: number, seconds: Record<string, number>, value?: string]

const toSpan = ([from, to, seconds, value]: Range): StateSpan => {
  const ms = Object.fromEntries(Object.entries(seconds).map(([name, time]) => [name, time * 1000]))
  return { fromMs: from * 1000, toMs: to * 1000, ms, value: value ?? null }
}
const lay = (ranges: readonly Range[], from: number, to: number) =>
  toBands(ranges.map(toSpan), from * 1000, to * 1000).map(
    ({ fromMs, toMs, value }) => `${fromMs / 1000}-${toMs / 1000} ${value}`,
  )

describe('the time line of a state', () => {
  // biome-ignore format: a table
  const cases: [what: string, ranges: Range[], bands: string[]][] = [
    ['ranges of one value', [[0, 60, { on: 60 }, 'on'], [60, 180, { on: 120 }, 'on']], ['0-180 on']],
    ['ranges with a gap', [[0, 60, { on: 60 }, 'on'], [120, 180, { on: 60 }, 'on']], ['0-60 on', '120-180 on']],
    ['a minute of two values', [[0, 60, { on: 60 }, 'on'], [60, 120, { off: 20, on: 40 }, 'off']],
      ['0-100 on', '100-120 off']],
    ['a value between, in a minute that ends as it began', [[0, 60, { on: 60 }, 'on'], [60, 120, { on: 50, off: 10 }, 'on']],
      ['0-60 on', '60-70 off', '70-120 on']],
    ['a minute of three values', [[0, 60, { on: 60 }, 'on'], [60, 120, { fault: 10, on: 20, off: 30 }, 'off']],
      ['0-80 on', '80-90 fault', '90-120 off']],
    ['the minute of the first reading', [[0, 60, { on: 25 }, 'on']], ['35-60 on']],
    ['a minute at whose end it is unknown', [[0, 60, { on: 25 }]], ['0-25 on']],
    ['a value that ceases to hold', [[0, 60, { on: 60 }, 'on'], [60, 120, { on: 25 }]], ['0-85 on']],
    ['ranges beyond the period', [[-60, 30, { on: 90 }, 'on'], [180, 300, { off: 120 }, 'off']], ['0-30 on', '180-240 off']],
    ['ranges that overlap', [[0, 120, { on: 120 }, 'on'], [60, 180, { off: 120 }, 'off']], ['0-120 on', '120-180 off']],
    ['more seconds than the range has', [[0, 60, { on: 1e9 }, 'on']], ['0-60 on']],
    ['a value with a name that all objects have', [[0, 60, JSON.parse('{"__proto__":60}'), '__proto__']], ['0-60 __proto__']],
    ['nothing', [], []],
  ]
  for (const [what, ranges, bands] of cases)
    it(`given ${what}, then it has bands of the known time`, () => {
      assert.deepEqual(lay(ranges, 0, 240), bands)
    })

  it('given minutes, then their hours have the sums, and the value at their end', () => {
    const minutes = [0, 60, 3_600].map((from): Range => [from, from + 60, { on: 45, off: 15 }, 'off'])
    const [first, second] = sumHours(minutes.map(toSpan))
    assert.deepEqual(first, { fromMs: 0, toMs: 120_000, ms: { on: 90_000, off: 30_000 }, value: 'off' })
    assert.equal(second?.fromMs, HOUR_MS)
  })

  it('given times of values, then those that the family lists come first, and what is missing is unknown', () => {
    const day = { fromMs: 0, toMs: 100_000, ms: { idle: 10_000, off: 30_000 } }
    const values = listValues(
      { values: ['on', 'off'], day } as never,
      sumBands([{ fromMs: 0, toMs: 1, value: 'fault' }], 0, 1),
    )
    assert.deepEqual(values, ['on', 'off', 'fault', 'idle', null])
    assert.deepEqual(
      values.map(value => formatTimeIn(day, value)),
      ['0 s (0.0 %)', '30 s (30.0 %)', '0 s (0.0 %)', '10 s (10.0 %)', '1 min (60.0 %)'],
    )
  })
})
