import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { drift, jitter, uniform } from '../../../lib/telemetry/simulator/noise.ts'

const names = fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 })

describe('given names', () => {
  test('then every kind of noise stays within its bounds', () => {
    fc.assert(
      fc.property(names, fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (parts, at) => {
        const even = uniform(...parts)
        assert.ok(even >= 0 && even < 1)
        assert.ok(Math.abs(jitter(...parts)) <= 1)
        assert.ok(Math.abs(drift(at, ...parts)) <= 1)
      }),
    )
  })

  test('when they are cut elsewhere, then the number is another', () => {
    assert.notEqual(uniform('ab', 'c'), uniform('a', 'bc'))
    assert.notEqual(uniform('a', 12), uniform('a1', 2))
  })

  test('when they count up, then the numbers spread evenly', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let tick = 0; tick < 20_000; tick++) {
      const tenth = Math.floor(uniform('seed', 'sensor', tick) * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    for (const count of tenths) assert.ok(Math.abs(count - 2000) < 200, `${tenths}`)
  })

  test('when a trend continues a little, then it changes a little', () => {
    fc.assert(
      fc.property(names, fc.double({ noNaN: true, min: -1e4, max: 1e4 }), (parts, at) => {
        assert.ok(Math.abs(drift(at + 0.001, ...parts) - drift(at, ...parts)) < 0.004)
      }),
    )
  })
})
