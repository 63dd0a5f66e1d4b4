import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withRecordedLogs } from '../../../lambda/recorded-logs.ts'
import { Unavailable } from '../../../pipeline/errors.ts'

const OUTAGE = new Unavailable('broker-unavailable', 'Kafka has no such topic')

/** Kafka has the topic `there` alone. */
function readerFor(isOfOtherEnvironment: (topic: string) => boolean) {
  const answer = <T>(topic: string, value: T) => (topic === 'there' ? value : Promise.reject(OUTAGE))
  const read = { records: [], nextOffset: 3, logStart: 1 }
  const { log, bounds } = withRecordedLogs(
    {
      log: {
        read: async topic => answer(topic, read),
        identity: async topic => answer(topic, { cluster: 'c', topicId: 'i' }),
      },
      bounds: { bounds: async topic => answer(topic, [{ start: 1, end: 9 }]) },
    },
    { isOfOtherEnvironment, exists: async topic => topic === 'there' },
  )
  return {
    read: (topic: string) => log.read(topic, 0, { fromOffset: 0, toOffset: 7 }),
    identity: async (topic: string) => log.identity?.(topic),
    bounds: (topic: string) => bounds.bounds(topic),
  }
}

describe('the log of a recorded batch', () => {
  it('given a topic of another environment that Kafka lacks, then it is empty, and has no identity', async () => {
    const { read, identity, bounds } = readerFor(() => true)
    assert.deepEqual(await read('away'), { records: [], nextOffset: 8, logStart: 0 })
    assert.equal(await identity('away'), undefined)
    assert.deepEqual(await bounds('away'), [])
  })

  it('given a topic of another environment that Kafka has, then its log is read', async () => {
    const { read, identity, bounds } = readerFor(() => true)
    assert.equal((await read('there')).nextOffset, 3)
    assert.deepEqual(await identity('there'), { cluster: 'c', topicId: 'i' })
    assert.deepEqual(await bounds('there'), [{ start: 1, end: 9 }])
  })

  it('given an absent topic of its own environment, then it stays an outage', async () => {
    const { read, identity, bounds } = readerFor(() => false)
    for (const ask of [read, identity, bounds]) await assert.rejects(ask('away'), OUTAGE)
  })
})
