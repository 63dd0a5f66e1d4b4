import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBalance, judgeBalance } from '../../../lib/support/balance.ts'

describe('given the numbers of records in the partitions of a topic', () => {
  // Promise docs/kafka.md#who-is-behind-and-by-how-much
  it('then each has its share, and the skew is that of the fullest against the average', () => {
    assert.deepEqual(judgeBalance([600, 200, 200, 200]), {
      shares: [0.5, 1 / 6, 1 / 6, 1 / 6],
      skew: 2,
      verdict: 'skewed',
    })
  })

  const verdicts: [counts: (number | null)[], says: string][] = [
    [[1000, 1010, 990], 'even, skew 1.01'],
    [[1490, 910, 600], 'even, skew 1.49'],
    [[1500, 900, 600], 'uneven, skew 1.50'],
    [[1990, 1000, 10], 'uneven, skew 1.99'],
    [[2000, 1000, 0], 'skewed, skew 2.00'],
    [[100, 0], 'skewed, skew 2.00'],
    // Chance makes few records uneven.
    [[3, 1, 1], 'even, skew 1.80 (few records)'],
    [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'even, skew 12.00 (few records)'],
    [[10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'skewed, skew 12.00'],
    [[0, 0], 'empty'],
    [[], 'empty'],
  ]
  for (const [counts, says] of verdicts)
    it(`then ${counts.join(', ') || 'none'} are ${says}`, () =>
      assert.equal(formatBalance(judgeBalance(counts)), says))

  it('then a partition without a leader has no share, and the others are judged', () => {
    assert.deepEqual(judgeBalance([50, null, 50]), { shares: [0.5, null, 0.5], skew: 1, verdict: 'even' })
    assert.deepEqual(judgeBalance([0, null]), { shares: [0, null], skew: 0, verdict: 'empty' })
  })
})
