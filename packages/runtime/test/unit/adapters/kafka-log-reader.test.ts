import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolError, UnreadableBytes } from '@sluice/kafka-records'
import { rejection } from '@sluice/test-kit/rejection'
import type { Kafka } from 'kafkajs'
import { KafkaLogReader } from '../../../adapters/kafka/log-reader.ts'
import { isUnreadable, Unavailable } from '../../../pipeline/errors.ts'

/** Codes of the brokers' answers. */
const UNKNOWN_TOPIC_OR_PARTITION = 3

describe('the log reader, when it cannot read', () => {
  it('given a bug, then the error stays what it is', async () => {
    const bug = new TypeError('cannot read properties of undefined')
    assert.equal(await failureFor(bug), bug)
  })

  it('given that Kafka is away, then it is unavailable, with the cause', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = await failureFor(cause)
    assert.ok(error instanceof Unavailable)
    assert.equal(error.code, 'broker-unavailable')
    assert.equal(error.cause, cause)
    assert.match(error.message, /^Kafka does not answer: connect ECONNREFUSED\. Start it/)
  })

  it('given an answer without any record, then it is unavailable: a transaction may be open', async () => {
    const error = await failureFor(undefined)
    assert.ok(error instanceof Unavailable)
    assert.match(error.message, /Kafka returned no records of t\/3 from offset 7 on/)
  })

  it('given a batch that cannot be inflated, then the log is unreadable, and the message says where', async () => {
    const cause = new UnreadableBytes('too-large', 'a record batch inflates to more than 128 MiB')
    const error = await failureFor(cause)
    assert.ok(isUnreadable(error))
    assert.equal(error.cause, cause)
    assert.match(error.message, /^t\/3 cannot be read from offset 7 on: a record batch inflates/)
  })

  it('given that Kafka does not allow it, then the log is unreadable: waiting would not help', async () => {
    const cause = Object.assign(new Error('Not authorized to access topics'), {
      name: 'KafkaJSProtocolError',
      type: 'TOPIC_AUTHORIZATION_FAILED',
      retriable: false,
    })
    const error = await failureFor(cause)
    assert.ok(isUnreadable(error))
    assert.equal(error.cause, cause)
  })
})

describe('the log reader, after it could not read', () => {
  it('given a partition that does not exist, then the connection stays, for those who read others', async () => {
    const { reader, seen } = given({ findLeaderForPartitions: () => ({}) })
    for (const _ of [1, 2])
      await assert.rejects(reader.read('t', 999, { fromOffset: 0, toOffset: 0 }), /t\/999 has no leader/)
    assert.deepEqual(seen, { opened: 1, closed: 0, refreshed: 2 })
  })

  it('given that a deleted topic fails the metadata of all, then the next read begins without it', async () => {
    const unknown = () => {
      throw protocolError(UNKNOWN_TOPIC_OR_PARTITION)
    }
    const { reader, seen } = given({
      addTargetTopic: async () => unknown(),
      refreshMetadata: async () => unknown(),
    })
    for (const _ of [1, 2])
      await assert.rejects(reader.read('t', 0, { fromOffset: 0, toOffset: 0 }), /does not host this topic/)
    assert.deepEqual(seen, { opened: 2, closed: 2, refreshed: 0 })
  })
})

/** A reader whose cluster behaves like this. */
function given(behaviour: object) {
  const seen = { opened: 0, closed: 0, refreshed: 0 }
  const closed = new Set<number>()
  const open = () => {
    seen.opened += 1
    const cluster = seen.opened
    return {
      connect: async () => {},
      disconnect: async () => {
        // The one that was read with is closed again after the read.
        seen.closed = closed.add(cluster).size
      },
      addTargetTopic: async () => {},
      refreshMetadata: async () => {
        seen.refreshed += 1
      },
      ...behaviour,
    }
  }
  const kafka = { [Symbol('private:Kafka:createCluster')]: open }
  return { reader: new KafkaLogReader(kafka as unknown as Kafka), seen }
}

/** Returns the error of a reading whose fetch fails with this error, or is empty. */
function failureFor(error: Error | undefined): Promise<Error> {
  const cluster = {
    connect: async () => {},
    disconnect: async () => {},
    addTargetTopic: async () => {},
    refreshMetadata: async () => {},
    findLeaderForPartitions: () => ({ 1: [3] }),
    fetchTopicsOffset: async () => [{ topic: 't', partitions: [{ partition: 3, offset: '0' }] }],
    findBroker: async () => ({
      fetch: async () => {
        if (error) throw error
        return { responses: [{ partitions: [{ partition: 3, highWatermark: '9', messages: [] }] }] }
      },
    }),
  }
  const kafka = { [Symbol('private:Kafka:createCluster')]: () => cluster }
  const reader = new KafkaLogReader(kafka as unknown as Kafka)
  return rejection(reader.read('t', 3, { fromOffset: 7, toOffset: 8 }))
}
