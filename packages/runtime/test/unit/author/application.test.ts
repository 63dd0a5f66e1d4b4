import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { application } from '../../../consumer/authored-application.ts'
import type { TopicName } from '../../../consumer/topic-name.ts'

const named = (name: string) => name as TopicName
const MiB = 1024 * 1024

describe('an application described in a few lines', () => {
  it('given names of topics, then each has settings, and the failures have a topic of their own', () => {
    const { topics, failuresTopic, deadLettersTopic } = application({ topics: ['orders'] })
    assert.deepEqual(topics, {
      orders: { partitions: 3, keptDays: 7, maxMessageBytes: MiB },
      failures: { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB },
    })
    assert.deepEqual([failuresTopic, deadLettersTopic], ['failures', 'failures'])
  })

  it('given a prefix, then the name in Kafka has it and the environment, and is found again in any', () => {
    const shop = application({ topics: ['orders', 'public.orders'], prefix: 'shop' })
    assert.equal(shop.kafkaTopic(named('orders'), 'eu'), 'shop.orders.eu')
    assert.equal(shop.topicNamed('shop.orders.pr-17'), shop.topics.orders)
    assert.equal(shop.topicNamed('shop.public.orders.eu'), shop.topics['public.orders'])
    for (const name of ['orders', 'shop.orders', 'shop.orders.', 'other.orders.eu', 'shop.orders.eu.x'])
      assert.equal(shop.topicNamed(name), undefined, name)
  })

  it('given a name, then the types of ticks and failures have it, and types of its own win', () => {
    const { tickType, failureEvent } = application({
      name: 'shop',
      topics: ['orders'],
      tickType: 'com.example.tick',
    })
    assert.deepEqual([tickType, failureEvent], ['com.example.tick', { type: 'shop.failure' }])
  })
})
