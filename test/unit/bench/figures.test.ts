import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aimed, type Figure, slower, table } from '../../../bench/kit/figures.ts'

const cost = (...rounds: number[]): Figure => ({ name: 'cost', unit: 'µs', rounds, worse: 'higher' })
const rate = (...rounds: number[]): Figure => ({ name: 'rate', unit: '/s', rounds, worse: 'lower' })

describe('the comparison with an earlier run', () => {
  it('names what became worse by more than the spread, whichever way is worse', () => {
    const said = slower([cost(10, 11, 12), rate(100, 101, 99)], [cost(15, 14, 16), rate(90, 91, 92)])
    assert.match(said, /^2 of 2 figures/)
    assert.match(said, /cost +11\.0 → 15\.0 µs/)
    assert.match(said, /rate +100 → 91\.0 \/s/)
  })

  it('is silent about what lies within the spread of either run, and about what became better', () => {
    const before = [cost(10, 11, 20), rate(100, 101, 99)]
    assert.match(slower(before, [cost(15, 15, 15), rate(150, 151, 152)]), /^none of 2/)
    assert.match(slower([cost(10, 10, 10)], [cost(5, 12, 16)]), /^none of 1/)
  })

  it('fails where the two have no figure in common', () => {
    assert.throws(() => slower([cost(1)], [rate(1)]), /no figure in common/)
  })
})

describe('the table', () => {
  it('says of each goal whether the median meets it', () => {
    const figures = [
      aimed('fast enough', 'ms', { atMost: 10 }, [9, 30, 8]),
      aimed('not often enough', '×', { atLeast: 4 }, [3, 5, 3.5]),
      cost(1),
    ]
    const [, first, second, third] = table(figures).split('\n')
    assert.match(first ?? '', /fast enough +9\.00 ms +8\.00 to 30\.0 +at most 10 ms +met$/)
    assert.match(second ?? '', /not often enough +3\.50 × +3\.00 to 5\.00 +at least 4 × +MISSED$/)
    assert.match(third ?? '', /cost +1\.00 µs$/)
  })
})
