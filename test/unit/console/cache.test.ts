import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Cache } from '../../../console/cache.ts'

/** Queries that return their number, on a clock that only they and the test move. */
function given(options: Partial<ConstructorParameters<typeof Cache>[0]> = {}) {
  const clock = { nowMs: 0, asked: 0 }
  const cache = new Cache<number>({ forMs: 100, ...options, nowMs: () => clock.nowMs })
  const ask = (key = 'a', takesMs = 0) =>
    cache.get(key, async () => {
      clock.nowMs += takesMs
      clock.asked += 1
      return clock.asked
    })
  return { cache, clock, ask }
}

describe('the cache of the console', () => {
  it('given several who ask at once, then the query runs once', async () => {
    const { ask } = given({ forMs: 0 })
    assert.deepEqual(await Promise.all([ask(), ask(), ask('b'), ask()]), [1, 1, 2, 1])
    assert.equal(await ask(), 3)
  })

  it('given an answer that is old, then it is asked for again', async () => {
    const { clock, ask } = given()
    await ask()
    clock.nowMs = 99
    assert.equal(await ask(), 1)
    clock.nowMs = 100
    assert.equal(await ask(), 2)
  })

  it('given an answer that took long, then it is reused ten times as long, if no other factor is chosen', async () => {
    for (const [slowFactor, forMs] of [
      [undefined, 10_000],
      [1, 1_000],
    ] as const) {
      const { clock, ask } = given(slowFactor && { slowFactor })
      await ask('a', 1_000)
      clock.nowMs += forMs - 1
      assert.equal(await ask(), 1)
      clock.nowMs += 1
      assert.equal(await ask(), 2)
    }
  })

  it('given a query that throws at once, then the next one is asked', async () => {
    const { cache, ask } = given()
    const thrown = cache.get('a', () => {
      throw new Error('at once')
    })
    await assert.rejects(thrown, /at once/)
    assert.equal(await ask(), 1)
  })

  it('given a failure, then all who asked hear of it, and the next query gets the last answer', async () => {
    const { cache, clock, ask } = given()
    await ask()
    clock.nowMs = 100
    const fail = () => cache.get('a', () => Promise.reject(new Error('away')))
    for (const failed of [fail(), fail()]) await assert.rejects(failed, /away/)
    assert.equal(await cache.get('a', async last => (last ?? 0) + 10), 11)
  })

  it('given answers that are cleared, then the next query is asked anew, without the last answer', async () => {
    const { cache, ask } = given()
    await Promise.all([ask('a'), ask('b')])
    cache.clear('a')
    assert.deepEqual([await cache.get('a', async last => last ?? 0), await ask('b')], [0, 2])
    cache.clear()
    assert.equal(await ask('b'), 3)
  })

  it('given more keys than are kept, then the one that was not asked for the longest gives way', async () => {
    const { ask } = given({ most: 2 })
    assert.deepEqual([await ask('a'), await ask('b'), await ask('a'), await ask('c')], [1, 2, 1, 3])
    assert.deepEqual([await ask('a'), await ask('b')], [1, 4])
  })

  it('given a key without further requests, then it is dropped at a request for another one', async () => {
    const { clock, ask } = given({ forMs: 10_000, idleMs: 1_000 })
    await ask('a')
    clock.nowMs = 1_000
    await ask('b')
    assert.equal(await ask('a'), 3)
  })
})
