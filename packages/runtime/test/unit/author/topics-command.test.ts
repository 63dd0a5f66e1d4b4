import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { application } from '../../../consumer/authored-application.ts'
import { formatTopicLines, listApplicationTopics } from '../../../lambda/topics-command.ts'

const shop = application({
  prefix: 'shop',
  topics: { orders: { partitions: 12 }, raw: { isTicked: false } },
})
const topics = listApplicationTopics(shop, 'eu')

describe('the topics of an application', () => {
  it('given its settings, then each has its name in Kafka, and the clock that it needs', () => {
    assert.deepEqual(
      topics.map(({ name, partitions, timestamps }) => [name, partitions, timestamps]),
      [
        ['shop.orders.eu', 12, 'LogAppendTime'],
        ['shop.raw.eu', 3, 'CreateTime'],
        ['shop.failures.eu', 3, 'LogAppendTime'],
      ],
    )
  })

  it('given what is there, then each topic has a line, and each setting that differs', () => {
    const setting = 'message.timestamp.type'
    const topic = 'shop.raw.eu'
    const differences = [{ topic, setting, wanted: 'CreateTime', found: 'LogAppendTime' }]
    const compared = { existing: [topic, 'shop.failures.eu'], missing: ['shop.orders.eu'], differences }
    assert.deepEqual(formatTopicLines(topics, compared), [
      'created  shop.orders.eu: 12 partitions, LogAppendTime',
      'differs  shop.raw.eu: message.timestamp.type is LogAppendTime, and should be CreateTime',
      'exists   shop.failures.eu',
    ])
  })
})
