import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unhurried } from '../../../../console/api/alerts/unhurried.ts'

/** A clock, and a question that takes as long as is said. */
function stage() {
  let nowMs = 0
  let asked = 0
  const unhurried = new Unhurried<number>(() => nowMs)
  const ask = (key: string, takesMs = 0, fails = false) =>
    unhurried.ask(key, async () => {
      asked += 1
      nowMs += takesMs
      if (fails) throw new Error('away')
      return asked
    })
  return {
    ask,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('a question that takes long', () => {
  it('given an answer that took 100 ms, then it is kept for two seconds, and not for longer', async () => {
    const { ask, pass } = stage()
    assert.equal(await ask('a', 100), 1)
    pass(1_999)
    assert.equal(await ask('a', 100), 1)
    pass(1)
    assert.equal(await ask('a', 100), 2)
  })

  it('given an answer that took no time, then each question is asked', async () => {
    const { ask } = stage()
    assert.deepEqual([await ask('a'), await ask('a')], [1, 2])
  })

  it('given an answer that is on its way, then it is that of all who ask', async () => {
    const unhurried = new Unhurried<string>(() => 0)
    const { promise, resolve } = Promise.withResolvers<string>()
    let asked = 0
    const ask = () => {
      asked += 1
      return promise
    }
    const answers = [unhurried.ask('a', ask), unhurried.ask('a', ask)]
    resolve('known')
    assert.deepEqual([await Promise.all(answers), asked], [['known', 'known'], 1])
  })

  it('given that it fails, then it is asked again at once', async () => {
    const { ask } = stage()
    await assert.rejects(ask('a', 100, true), /away/)
    assert.equal(await ask('a', 100), 2)
  })

  it('given many questions, then the oldest answers are forgotten', async () => {
    const { ask } = stage()
    for (let at = 0; at < 21; at += 1) await ask(`q${at}`, 1_000)
    assert.equal(await ask('q20', 1_000), 21)
    assert.equal(await ask('q0', 1_000), 22)
  })
})
