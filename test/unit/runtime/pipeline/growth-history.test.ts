import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { growthsName, withGrowths } from '../../../../packages/runtime/pipeline/growth/history.ts'
import type { KeptGrowth } from '../../../../packages/runtime/pipeline/model.ts'

const growth = (operation: string): KeptGrowth => {
  return { operation, at: '2026-03-01T12:00:00Z', from: 1, to: 2, ends: [3], except: [] }
}
const [FIRST, SECOND] = [growth('first'), growth('second')]

describe('what is known of the growths of a topic', () => {
  it('given two histories, then the longer one is kept, with all else that is known', () => {
    const underway = { operation: 'third' }
    const known = { growths: [FIRST], underway }
    assert.deepEqual(withGrowths(known, [FIRST, SECOND]), { growths: [FIRST, SECOND], underway })
    assert.equal(withGrowths(known, [SECOND]), known)
    assert.equal(withGrowths(known, []), known)
    assert.deepEqual(withGrowths(undefined, [FIRST]), { growths: [FIRST] })
  })

  it('is named after the topic', () => {
    assert.equal(growthsName('t.events'), 'growth:t.events')
  })
})
