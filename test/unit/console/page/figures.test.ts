import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatGrowth } from '../../../../console/page/components/value-texts.ts'

describe('figures of the flow', () => {
  const cases: [title: string, args: Parameters<typeof formatGrowth>, expected: string][] = [
    ['a rate', [12.34, 400], '12.3/s'],
    ['no growth', [0, 400], '400 in all'],
    ['three in ten minutes', [0.005, 3], '3 in all'],
    ['a rate that is not known yet', [null, 12_345], '12.3K in all'],
    ['nothing known', [null, null], '–'],
    ['a result of which each matters', [2, 5, true], '5 in all'],
  ]
  for (const [title, args, expected] of cases)
    it(`given ${title}, then ${expected}`, () => assert.equal(formatGrowth(...args), expected))
})
