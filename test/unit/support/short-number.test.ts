import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { shortNumber } from '../../../lib/support/short-number.ts'

describe('a number for people', () => {
  for (const [value, limits, expected] of [
    [41.23456789, [], 41.2346],
    [30.00001, [], 30],
    [30.00001, [30], 30.00001],
    [29.999999999, [30], 29.999999999],
    [30.0000049, [29, 30], 30.000005],
    [30, [30], 30],
    [1_234_567, [], 1_234_567],
    [-1_234_567.8, [], -1_234_568],
    [1_234_567.8, [1_234_568], 1_234_567.8],
    [0.000123456789, [], 0.000123457],
    [1e300, [], 1e300],
    [0.1 + 0.2, [0.3], 0.30000000000000004],
  ] as const)
    it(`given ${value} beside ${limits}, then it is ${expected}`, () => {
      assert.equal(shortNumber(value, limits), expected)
    })

  it('given minus zero, then it is zero', () => {
    assert.equal(shortNumber(-0), 0)
    assert.equal(shortNumber(-0, [0]), 0)
  })

  it('given any limits, then it is on the same side of each', () => {
    // Zero and minus zero are on the same side of every limit.
    const isSameSide = (a: number, b: number, limit: number) => Math.sign(a - limit) === Math.sign(b - limit)
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    const near = fc.tuple(number, fc.integer({ min: -9, max: 9 })).map(([value, steps]) => {
      return [value, value + steps * Math.max(Number.MIN_VALUE, Math.abs(value) * 2 ** -52)] as const
    })
    fc.assert(
      fc.property(near, fc.array(number), ([value, limit], others) => {
        const limits = [limit, ...others]
        const short = shortNumber(value, limits)
        for (const limit of limits) assert.ok(isSameSide(short, value, limit), `${limit}`)
        assert.ok(!(Math.abs(short - value) > 0.5))
      }),
    )
  })
})
