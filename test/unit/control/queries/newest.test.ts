import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { selectNewest } from '../../../../control/queries/records/newest-ranges.ts'

const range = (partition: number, start: number, end: number) => ({ topic: 't', partition, start, end })

describe('the newest part of ranges', () => {
  it('given no more than is allowed, then the ranges are as they were', () => {
    const ranges = [range(0, 0, 60), range(1, 10, 50)]
    assert.deepEqual(selectNewest(ranges, 100), { ranges, leftOut: 0 })
  })

  it('given more, then each keeps its end in proportion, and what is left out is counted', () => {
    const { ranges, leftOut } = selectNewest([range(0, 0, 300), range(1, 50, 150), range(2, 7, 7)], 100)
    assert.deepEqual(ranges, [range(0, 225, 300), range(1, 125, 150), range(2, 7, 7)])
    assert.equal(leftOut, 300)
  })
})
