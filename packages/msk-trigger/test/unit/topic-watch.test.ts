import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TopicIdentity } from '../../poll/topic-tracker.ts'
import { type TopicState, type TopicStates, TopicWatch } from '../../poll/topic-watch.ts'

describe('a topic that may be another one of the same name', () => {
  for (const [what, ids, replaced] of [
    ['the first id', ['a'], [false]],
    ['another id, once', ['a', 'b', 'b'], [false, true, false]],
    ['the former id, which a broker still names', ['a', 'b', 'a', 'c'], [false, true, false, true]],
    ['no id if a broker reports none', ['a', undefined, 'a'], [false, false, false]],
  ] as const)
    it(`given ${what}, then the watch reports whether it is another topic`, () => {
      const identity = new TopicIdentity()
      const said = ids.map(id => [identity.isOther(id), identity.update(id)])
      assert.deepEqual(
        said,
        replaced.map(isOther => [isOther, isOther]),
      )
    })
})

describe('a watch over topics', () => {
  /** Runs a watch over two topics that gets these answers, and returns what its observers saw. */
  async function given(...answers: (() => Promise<TopicStates | undefined>)[]): Promise<string[]> {
    const seen: string[] = []
    const watch = new TopicWatch({
      topicStates: async names => {
        seen.push(`asked for ${names}`)
        const answer = answers.shift()
        if (answers.length === 0) watch.close()
        return answer?.()
      },
    })
    const observer = (topic: string) => ({
      topic,
      handleTopicState: (state: TopicState | undefined) => void seen.push(`${topic}: ${state?.id}`),
    })
    await watch.run([observer('t'), observer('u'), observer('t')], 0)
    return seen
  }
  const nothing = async () => undefined

  it('given several observers, then it asks once for all, and reports to each about its own topic', async () => {
    const states = async () => new Map([['t', { id: 'a', partitionCount: 1 }]])
    assert.deepEqual(await given(states, nothing), [
      'asked for t,u',
      't: a',
      'u: undefined',
      't: a',
      'asked for t,u',
    ])
  })

  it('given brokers that do not answer, or have no ids, then no observer is called', async () => {
    const fails = async () => assert.fail('unreachable')
    assert.deepEqual(await given(fails, nothing, nothing), Array(3).fill('asked for t,u'))
  })

  it('given that it is closed between two looks, then it asks no more', async () => {
    let asked = 0
    const watch = new TopicWatch({
      topicStates: async () => {
        asked += 1
        return undefined
      },
    })
    const running = watch.run([{ topic: 't', handleTopicState: () => {} }], 60_000)
    watch.close()
    await running
    assert.equal(asked, 0)
  })
})
