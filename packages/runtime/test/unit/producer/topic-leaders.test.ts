import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Cluster } from '@sluice/kafka-records'
import { TopicLeaders } from '../../../adapters/kafka/topic-leaders.ts'

/** Answers as the library does: for all topics that it is asked for, or with an error that names none. */
class FakeCluster {
  targetTopics: Set<string> = new Set()
  readonly there = new Map<string, number>()
  readonly failures: Error[] = []
  readonly asked: string[] = []
  #known = new Map<string, number>()

  async refreshMetadata(): Promise<void> {
    const topics = [...this.targetTopics]
    this.asked.push(topics.join(' '))
    const failure = this.failures.shift()
    if (failure) throw failure
    if (topics.some(topic => !this.there.has(topic)))
      throw Object.assign(new Error('no such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true })
    this.#known = new Map(topics.map(topic => [topic, this.there.get(topic) ?? -1]))
  }

  findTopicPartitionMetadata(topic: string) {
    const leader = this.#known.get(topic)
    return leader === undefined || leader === 0 ? [] : [{ partitionId: 0, leader }]
  }
}

function stage() {
  const [fake, leaders] = [new FakeCluster(), new TopicLeaders()]
  return { fake, leaders, cluster: fake as unknown as Cluster }
}

describe('the leaders of topics', () => {
  it('given a topic that is deleted, then the others are looked up as before, and new ones loaded', async () => {
    const { fake, leaders, cluster } = stage()
    for (const topic of ['a', 'b']) {
      fake.there.set(topic, 1)
      await leaders.load(cluster, topic)
    }
    fake.there.delete('a')
    fake.there.set('b', 2)
    await leaders.refresh(cluster)
    assert.deepEqual([leaders.get('b').get(0), leaders.get('a').get(0)], [2, 1])
    fake.there.set('c', 3)
    await leaders.load(cluster, 'c')
    assert.equal(leaders.get('c').get(0), 3)
    await assert.rejects(leaders.load(cluster, 'a'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
    fake.there.set('a', 4)
    await leaders.refresh(cluster)
    assert.equal(leaders.get('a').get(0), 4)
  })
})
