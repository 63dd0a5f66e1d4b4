import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { behind, consumerLags, type ReadTopic } from '../../../../localstack/start/consumer-lag.ts'

function consumer(name: string, topic = 't'): ReadTopic {
  return { function: name, topic, group: `g-${name}`, windowMs: 0 }
}

/** Two partitions, of which the first begins at 10. */
const offsets = {
  bounds: async (topic: string) => {
    if (topic !== 't') throw Object.assign(new Error('no such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
    return [
      { start: 10, end: 20 },
      { start: 0, end: 5 },
    ]
  },
  committed: async (group: string) =>
    ({ 'g-ahead': [20, 5], 'g-new': [-1, -1], 'g-half': [15, -1] })[group] ?? [],
}

describe('how far consumers are behind', () => {
  it('is counted from what their groups have committed, and from the first record where that is nothing', async () => {
    const lags = await consumerLags(
      offsets,
      ['ahead', 'new', 'half', 'unheard-of'].map(name => consumer(name)),
    )
    assert.deepEqual(
      lags.map(({ function: name, pending, next }) => [name, pending, next]),
      [
        ['ahead', 0, [20, 5]],
        ['new', 15, [10, 0]],
        ['half', 10, [15, 0]],
        ['unheard-of', 15, [10, 0]],
      ],
    )
  })

  it('is nothing where the topic does not exist, and an error where Kafka does not answer', async () => {
    assert.deepEqual((await consumerLags(offsets, [consumer('frost', 'missing')]))[0]?.pending, 0)
    const away = { ...offsets, bounds: () => Promise.reject(new Error('away')) }
    await assert.rejects(consumerLags(away, [consumer('frost')]), /away/)
  })

  it('counts nothing that came after the ends that are asked about', () => {
    assert.equal(behind([30, 3], [20, 5]), 2)
  })
})
