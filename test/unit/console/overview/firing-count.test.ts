import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FiringCount } from '../../../../console/api/overview/redis-look.ts'

/** A view in which as many alerts fire as is said, and how often they were counted. */
function stage() {
  const view = { firing: 0, counted: 0 }
  const count = new FiringCount(async () => {
    view.counted += 1
    return view.firing
  })
  return { view, count }
}

describe('the number of firing alerts', () => {
  it('given a view that applies an alert late, then it is counted as soon as that is applied', async () => {
    const { view, count } = stage()
    assert.equal(await count.at(0, '0'), 0)
    // The record is in the topic, but the view has not read it.
    assert.equal(await count.at(2_000, '0'), 0)
    view.firing = 1
    assert.equal(await count.at(4_000, '1'), 1)
  })

  it('given a view that has applied nothing new, then it is counted every ten seconds', async () => {
    const { view, count } = stage()
    for (const atMs of [0, 2_000, 9_999, 10_000, 12_000]) await count.at(atMs, '7')
    assert.equal(view.counted, 2)
  })

  it('given a view whose progress is not known, then it is counted every ten seconds', async () => {
    const { view, count } = stage()
    for (const atMs of [0, 2_000, 10_000]) await count.at(atMs, undefined)
    assert.equal(view.counted, 2)
  })

  it('given a count that fails, then the next question counts', async () => {
    let isAway = true
    const count = new FiringCount(async () => {
      if (isAway) throw new Error('Redis does not answer')
      return 3
    })
    await assert.rejects(count.at(0, '1'))
    isAway = false
    assert.equal(await count.at(2_000, '1'), 3)
  })
})
