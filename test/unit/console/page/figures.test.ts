import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatRate, formatTotal } from '../../../../console/page/components/value-texts.ts'

describe('figures of the flow', () => {
  const cases: [rate: number | null, total: number | null, ...texts: string[]][] = [
    [12.34, 400, '12.3/s', '400 in all'],
    [0, 12_345, '0/s', '12.3K in all'],
    [0.04, 3, '0.04/s', '3 in all'],
    [null, null, '–', '–'],
  ]
  for (const [rate, total, ...texts] of cases)
    it(`given ${rate} a second and ${total}, then ${texts.join(', ')}`, () =>
      assert.deepEqual([formatRate(rate), formatTotal(total)], texts))
})
