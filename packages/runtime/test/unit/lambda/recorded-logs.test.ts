import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withRecordedLogs } from '../../../lambda/recorded-logs.ts'
import { Unavailable } from '../../../pipeline/errors.ts'

const OUTAGE = new Unavailable('broker-unavailable', 'Kafka has no such topic')
const FOUND = [
  { records: [], nextOffset: 3, logStart: 1 },
  { cluster: 'c', topicId: 'i' },
  [{ start: 1, end: 9 }],
]
const EMPTY = [{ records: [], nextOffset: 8, logStart: 0 }, undefined, []]

/** Returns all answers about a topic, where Kafka has the topic `there` alone. */
function ask(topic: string, isOfOtherEnvironment: boolean) {
  const answer = (number: number) => async (name: string) => {
    if (name !== 'there') throw OUTAGE
    return FOUND[number] as never
  }
  const { log, bounds } = withRecordedLogs(
    { log: { read: answer(0), identity: answer(1) }, bounds: { bounds: answer(2) } },
    { isOfOtherEnvironment: () => isOfOtherEnvironment, exists: async name => name === 'there' },
  )
  return [log.read(topic, 0, { fromOffset: 0, toOffset: 7 }), log.identity?.(topic), bounds.bounds(topic)]
}

describe('the log of a recorded batch', () => {
  for (const [topic, what, answers] of [
    ['away', 'that Kafka lacks, then it is empty, and has no identity', EMPTY],
    ['there', 'that Kafka has, then its log is read', FOUND],
  ] as const)
    it(`given a topic of another environment ${what}`, async () => {
      assert.deepEqual(await Promise.all(ask(topic, true)), answers)
    })

  it('given an absent topic of its own environment, then it stays an outage', async () => {
    for (const answer of await Promise.allSettled(ask('away', false)))
      assert.deepEqual(answer, { status: 'rejected', reason: OUTAGE })
  })
})
