import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { protocolError } from '@sluice/kafka-records'
import type { Kafka } from 'kafkajs'
import { untilLed } from '../../../adapters/kafka/application-topics.ts'
import { TopicOffsets } from '../../../adapters/kafka/topic-offsets.ts'

/** Codes of the brokers' answers. */
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5
const NOT_LEADER_FOR_PARTITION = 6
const TOPIC_AUTHORIZATION_FAILED = 29
const OFFSET_NOT_AVAILABLE = 78

const BOUNDS = [{ start: 2, end: 7 }]

/** A cluster that gives these answers, one after another, and then the offsets. Each answer belongs to one connection. */
function given(...answers: readonly Error[]) {
  const waiting = [...answers]
  const seen = { connections: 0, open: 0, asked: 0, atOnce: 0 }
  const admin = () => ({
    connect: async () => {
      seen.connections += 1
      seen.open += 1
    },
    disconnect: async () => {
      seen.open -= 1
    },
    fetchTopicOffsets: async () => {
      seen.asked += 1
      seen.atOnce += 1
      await Promise.resolve()
      seen.atOnce -= 1
      assert.equal(seen.atOnce, 0, 'one question at a time')
      const answer = waiting.shift()
      if (answer) throw answer
      return [{ partition: 0, low: '2', high: '7', offset: '7' }]
    },
  })
  return { kafka: { admin } as unknown as Kafka, seen }
}

function answered(code: number): Error {
  return protocolError(code)
}

/** Wraps an error as the library does after its last try. */
function wrapped(cause: Error): Error {
  return Object.assign(new Error('tried often enough', { cause }), { retriable: false })
}

describe('offsets of a topic', () => {
  for (const code of [
    UNKNOWN_TOPIC_OR_PARTITION,
    LEADER_NOT_AVAILABLE,
    NOT_LEADER_FOR_PARTITION,
    OFFSET_NOT_AVAILABLE,
  ])
    it(`given leaders that answer with the code ${code}, then it asks again with new metadata`, async () => {
      const { kafka, seen } = given(answered(code), wrapped(answered(code)))
      const offsets = new TopicOffsets(kafka)
      assert.deepEqual(await offsets.bounds('t'), BOUNDS)
      assert.deepEqual([seen.asked, seen.connections, seen.open], [3, 3, 1])
      await offsets.close()
      assert.equal(seen.open, 0)
    })

  it('given any other answer, then it is an error at once, and the next question starts over', async () => {
    const { kafka, seen } = given(answered(TOPIC_AUTHORIZATION_FAILED))
    const offsets = new TopicOffsets(kafka)
    await assert.rejects(offsets.bounds('t'), /authorized/)
    assert.equal(seen.asked, 1)
    assert.deepEqual(await offsets.bounds('t'), BOUNDS)
    assert.equal(seen.connections, 2)
  })

  it('given several questions at once, then each is asked in its turn, also after one has failed', async () => {
    const { kafka, seen } = given(answered(TOPIC_AUTHORIZATION_FAILED))
    const offsets = new TopicOffsets(kafka)
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(topic => offsets.bounds(topic)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    )
    assert.equal(seen.connections, 2)
  })
})

describe('new topics on a busy machine', () => {
  /** Waits for topics, while each question takes a second, and each number of questions brings the leaders of one topic. */
  async function waitFor(t: TestContext, topics: string[], each: number) {
    let asked = 0
    t.mock.method(performance, 'now', () => asked * 1_000)
    const { kafka } = given()
    const admin = () => ({
      ...kafka.admin(),
      fetchTopicOffsets: async (topic: string) => {
        asked += 1
        if (asked < each * (topics.indexOf(topic) + 1)) throw answered(LEADER_NOT_AVAILABLE)
        return []
      },
    })
    await untilLed({ admin } as unknown as Kafka, topics)
    return asked
  }

  it('have time as long as further ones get their leaders', async t => {
    assert.ok((await waitFor(t, ['a', 'b', 'c', 'd'], 12)) >= 48)
  })

  it('are named when no further one has a leader for 15 s', async t => {
    await assert.rejects(waitFor(t, ['a', 'b'], 20), /^Error: topic a has a partition that no broker leads: /)
  })
})
