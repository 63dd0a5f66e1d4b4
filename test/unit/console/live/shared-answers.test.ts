import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedAnswers } from '../../../../console/live/watchable.ts'

/** A server that answers on command, and a clock that is set by hand. */
class Stage {
  asked = 0
  answer = 'a'
  readonly shared = new SharedAnswers(
    (_, signal) =>
      new Promise(resolve => {
        this.#waiting.add(resolve)
        signal.addEventListener('abort', () => resolve())
      }),
  )
  readonly #waiting = new Set<() => void>()

  watch(heard: string[], key = 'question'): () => void {
    const ask = async () => {
      this.asked += 1
      return this.answer
    }
    return this.shared.watch(key, ask, 1_000, json => heard.push(json))
  }

  /** The time until the next question is over. */
  async pass(): Promise<void> {
    await settled()
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
    await settled()
  }
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

describe('answers that several people watch', () => {
  it('given two who watch the same, then it is asked once for both, and the second hears it at once', async () => {
    const stage = new Stage()
    const [one, other]: string[][] = [[], []]
    stage.watch(one as string[])
    await settled()
    stage.watch(other as string[])
    assert.deepEqual([one, other, stage.asked], [['a'], ['a'], 1])
  })

  it('given an answer that stays the same, then it is sent once; a new one is sent to all', async () => {
    const stage = new Stage()
    const heard: string[] = []
    stage.watch(heard)
    await stage.pass()
    await stage.pass()
    assert.deepEqual(heard, ['a'])
    stage.answer = 'b'
    await stage.pass()
    assert.deepEqual(heard, ['a', 'b'])
  })

  it('given no more watchers, then it is not asked any more', async () => {
    const stage = new Stage()
    const ends = [stage.watch([]), stage.watch([])]
    await stage.pass()
    const before = stage.asked
    ends[0]?.()
    await stage.pass()
    assert.equal(stage.asked, before + 1)
    ends[1]?.()
    await stage.pass()
    await stage.pass()
    assert.equal(stage.asked, before + 1)
  })

  it('given one who comes after the others have gone, then the answer is a new one', async () => {
    const stage = new Stage()
    stage.watch([])()
    await stage.pass()
    stage.answer = 'b'
    const heard: string[] = []
    stage.watch(heard)
    await settled()
    assert.deepEqual(heard, ['b'])
  })

  it('given watchers who come and go while the question is on its way, then it is asked once', async () => {
    const { shared } = new Stage()
    let asked = 0
    const answered = Promise.withResolvers<string>()
    const ask = () => {
      asked += 1
      return answered.promise
    }
    for (let times = 0; times < 10; times++) shared.watch('question', ask, 1_000, () => {})()
    const heard: string[] = []
    shared.watch('question', ask, 1_000, json => heard.push(json))
    answered.resolve('a')
    await settled()
    assert.deepEqual([asked, heard], [1, ['a']])
  })

  it('given one who comes in the moment in which the last one leaves, then it is asked anew', async () => {
    const stage = new Stage()
    const leave = stage.watch([])
    await settled()
    stage.answer = 'b'
    leave()
    const heard: string[] = []
    stage.watch(heard)
    await settled()
    assert.deepEqual([stage.asked, heard.at(-1)], [2, 'b'])
  })

  it('given other questions, then each has answers of its own', async () => {
    const stage = new Stage()
    const heard: string[] = []
    stage.watch([], 'one')
    stage.watch(heard, 'other')
    await settled()
    assert.deepEqual([heard, stage.asked], [['a'], 2])
  })
})
