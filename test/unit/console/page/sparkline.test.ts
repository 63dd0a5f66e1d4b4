import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sparklinePath } from '../../../../console/page/parts/sparkline-path.ts'

describe('a sparkline', () => {
  it('given a gap, then the line is interrupted there', () => {
    assert.equal(sparklinePath([0, null, 10], 10), 'M0.0 27.0M120.0 1.0')
  })

  it('given values, then the oldest is at the left, zero at the bottom and the most at the top', () => {
    assert.equal(sparklinePath([0, 5, 10], 10), 'M0.0 27.0L60.0 14.0L120.0 1.0')
  })

  it('given nothing, then nothing is drawn', () => {
    assert.equal(sparklinePath([], 1), '')
    assert.equal(sparklinePath([null], 1), '')
  })
})
