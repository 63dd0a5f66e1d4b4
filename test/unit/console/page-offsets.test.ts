import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolError } from '@sluice/kafka-records'
import type { Kafka } from 'kafkajs'
import { PageOffsets } from '../../../console/page-offsets.ts'

const UNKNOWN_TOPIC_OR_PARTITION = 3
const NOT_LEADER_FOR_PARTITION = 6

/** A cluster that answers for each topic as its function does; `asked` are the topics in the order of the questions. */
function given(answers: Readonly<Record<string, () => Promise<void> | void>> = {}) {
  const asked: string[] = []
  const admin = () => ({
    connect: async () => {},
    disconnect: async () => {},
    fetchTopicOffsets: async (topic: string) => {
      asked.push(topic)
      await answers[topic]?.()
      return [{ partition: 0, low: '2', high: '7' }]
    },
    fetchTopicOffsetsByTimestamp: async (topic: string) => {
      asked.push(`${topic} at`)
      return [{ partition: 0, offset: '5' }]
    },
  })
  return { offsets: new PageOffsets({ admin } as unknown as Kafka), asked }
}

function failing(code: number) {
  return () => {
    throw protocolError(code)
  }
}

describe('offsets for pages', () => {
  it('given topics that do not exist, then the others are answered at once', async () => {
    const { offsets } = given({ gone: failing(UNKNOWN_TOPIC_OR_PARTITION) })
    const beganMs = performance.now()
    const gone = Promise.allSettled(Array.from({ length: 4 }, () => offsets.bounds('gone')))
    assert.deepEqual(await offsets.bounds('readings'), [{ start: 2, end: 7 }])
    assert.deepEqual(await offsets.at('readings', 1), [5])
    await gone
    assert.ok(performance.now() - beganMs < 500)
  })

  it('given a topic without a leader, then only its first question takes time', async () => {
    const { offsets, asked } = given({ lost: failing(NOT_LEADER_FOR_PARTITION) })
    await assert.rejects(offsets.bounds('lost'))
    const before = asked.length
    await assert.rejects(offsets.bounds('lost'))
    await assert.rejects(offsets.at('lost', 1))
    assert.equal(asked.length - before, 2, 'each was asked once, and not again and again')
  })

  it('given a failed topic whose broker is silent, then others are answered, and its questions are one', async () => {
    const { promise: silence, resolve: speak } = Promise.withResolvers<void>()
    let isSilent = false
    const { offsets, asked } = given({
      lost: () => (isSilent ? silence : failing(UNKNOWN_TOPIC_OR_PARTITION)()),
    })
    await assert.rejects(offsets.bounds('lost'))
    isSilent = true
    const lost = [offsets.bounds('lost'), offsets.at('lost', 1), offsets.bounds('lost')]
    await offsets.bounds('readings')
    const later = offsets.bounds('lost')
    await offsets.bounds('readings')
    assert.deepEqual(asked, ['lost', 'lost', 'readings', 'readings'])
    speak()
    await Promise.all([...lost, later])
    assert.deepEqual(asked.slice(4), ['lost at'])
  })

  it('given questions that wait, then those for the same topic are asked together', async () => {
    const { offsets, asked } = given()
    await Promise.all(['a', 'b', 'b', 'a', 'b'].map(topic => offsets.bounds(topic)))
    assert.deepEqual(asked, ['a', 'b'])
  })

  it('given a question on its way, then a later one has an answer of its own', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { offsets, asked } = given({ a: () => promise })
    const first = offsets.bounds('a')
    while (asked.length === 0) await Promise.resolve()
    const second = offsets.bounds('a')
    resolve()
    await Promise.all([first, second])
    assert.deepEqual(asked, ['a', 'a'])
  })
})
