import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnswerCache, CachedAnswer, LruCache } from '../../../../console/cache/answer-cache.ts'

/** A clock that is set by hand, and a question that takes some of its time. */
function stage({ takesMs = 0, forMs = 100, fails = false } = {}) {
  const clock = { nowMs: 0, asked: 0, fails }
  const kept = new CachedAnswer(
    async () => {
      clock.asked++
      clock.nowMs += takesMs
      if (clock.fails) throw new Error('away')
      return clock.asked
    },
    { forMs, nowMs: () => clock.nowMs },
  )
  return { clock, kept }
}

describe('an answer that is kept', () => {
  it('given several who ask at once, then the question is asked once', async () => {
    const { clock, kept } = stage()
    assert.deepEqual(await Promise.all([kept.get(), kept.get(), kept.get()]), [1, 1, 1])
    assert.equal(clock.asked, 1)
  })

  it('given an answer that is old, then it is asked for again', async () => {
    const { clock, kept } = stage()
    await kept.get()
    clock.nowMs = 99
    assert.equal(await kept.get(), 1)
    clock.nowMs = 100
    assert.equal(await kept.get(), 2)
  })

  it('given an answer that took long, then it is kept ten times as long', async () => {
    const { clock, kept } = stage({ takesMs: 1_000 })
    await kept.get()
    clock.nowMs += 9_999
    assert.equal(await kept.get(), 1)
    clock.nowMs += 1
    assert.equal(await kept.get(), 2)
  })

  it('given a failure, then everybody hears of it, and the next one asks again', async () => {
    const { clock, kept } = stage({ fails: true })
    await assert.rejects(kept.get(), /away/)
    clock.fails = false
    assert.equal(await kept.get(), 2)
  })
})

describe('things that are kept by key', () => {
  it('given more keys than are kept, then the one that was not asked for the longest gives way', () => {
    const kept = new LruCache<string>({ most: 2, idleMs: 1_000, nowMs: () => 0 })
    const get = (key: string, value = key) => kept.get(key, () => value)
    assert.deepEqual([get('a'), get('b'), get('a', 'other'), get('c')], ['a', 'b', 'a', 'c'])
    assert.equal(kept.size, 2)
    assert.deepEqual([get('a', 'new a'), get('b', 'new b')], ['a', 'new b'])
  })

  it('given a key without further requests, then it is dropped at a request for another one', () => {
    let nowMs = 0
    const kept = new LruCache<number>({ most: 10, idleMs: 1_000, nowMs: () => nowMs })
    kept.get('a', () => 1)
    kept.get('b', () => 1)
    nowMs = 1_000
    assert.equal(
      kept.get('c', () => 1),
      1,
    )
    assert.equal(kept.size, 1)
  })
})

describe('answers that are kept by question', () => {
  /** Questions that take as long as is said, on a clock that only they and `pass` move. */
  function questions() {
    let nowMs = 0
    let asked = 0
    const kept = new AnswerCache<number>({ forMs: 0, most: 20, idleMs: 300_000, nowMs: () => nowMs })
    const ask = (key: string, takesMs = 0) =>
      kept.ask(key, async () => {
        nowMs += takesMs
        return ++asked
      })
    const pass = (ms: number) => {
      nowMs += ms
    }
    return { kept, ask, pass }
  }

  it('given an answer that took no time, then each question is asked', async () => {
    const { ask } = questions()
    assert.deepEqual([await ask('a'), await ask('a')], [1, 2])
  })

  it('given an answer that took long, then it is that of its own question only, until its time is over', async () => {
    const { ask, pass } = questions()
    assert.deepEqual([await ask('a', 100), await ask('b', 100), await ask('a')], [1, 2, 1])
    pass(1_000)
    assert.equal(await ask('a'), 3)
  })

  it('given an answer that is forgotten, then the next one who asks gets a new one', async () => {
    const { kept, ask } = questions()
    await ask('a', 100)
    kept.clear()
    assert.equal(await ask('a'), 2)
  })

  it('given many questions, then the oldest answers are forgotten', async () => {
    const { ask } = questions()
    for (let at = 0; at < 21; at += 1) await ask(`q${at}`, 1_000)
    assert.deepEqual([await ask('q20'), await ask('q0')], [21, 22])
  })
})
