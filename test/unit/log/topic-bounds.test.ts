import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTopicReach } from '../../../lib/log/topic-bounds.ts'

const BOUNDS = [{ start: 1, end: 5 }]

/** An error as the library throws it: wrapped. */
function thrown(of: object): Error {
  return Object.assign(new Error('tried without success'), {
    name: 'KafkaJSNumberOfRetriesExceeded',
    cause: Object.assign(new Error('the reason'), of),
  })
}

function offsets(error?: Error) {
  return {
    bounds: async () => {
      if (error) throw error
      return BOUNDS
    },
    at: async (_: string, timeMs: number) => [timeMs],
  }
}

describe('how far a topic reaches', () => {
  it('given a time, then the first offset from then on is in the answer as well', async () => {
    assert.deepEqual(await readTopicReach(offsets(), 't'), { bounds: BOUNDS, atTime: [] })
    assert.deepEqual(await readTopicReach(offsets(), 't', 3), { bounds: BOUNDS, atTime: [3] })
  })

  const cases: [what: string, of: object, name: string, says: RegExp][] = [
    ['no such topic', { type: 'UNKNOWN_TOPIC_OR_PARTITION' }, 'UnknownTopic', /^Kafka has no topic t$/],
    [
      'no answer',
      { code: 'ECONNREFUSED' },
      'Unavailable',
      /^Kafka does not answer: the reason\. Start it .*KAFKA_BROKERS\.$/,
    ],
    [
      'a refusal',
      { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false },
      'RefusedByKafka',
      /refuses .*topic t/,
    ],
  ]
  for (const [what, of, name, says] of cases)
    it(`given ${what}, then the error says what was out of reach`, async () => {
      const error = await readTopicReach(offsets(thrown(of)), 't').catch(caught => caught)
      assert.equal(error.name, name)
      assert.match(error.message, says)
    })

  it('given a bug, then it stays the error that it is', async () => {
    await assert.rejects(readTopicReach(offsets(new TypeError('bug')), 't'), TypeError)
  })
})
