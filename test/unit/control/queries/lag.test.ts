import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogReader, Unavailable } from '#runtime/pipeline'
import { logRecord } from '#runtime/test/support/records'
import { scriptedCluster } from '#runtime/test/support/scripted-cluster'
import { MemoryLogReader } from '#runtime/testing'
import type { ReadTopic } from '../../../../control/environment/functions.ts'
import { readGroupLags } from '../../../../control/queries/kafka/consumer-groups.ts'
import {
  addAges,
  countPendingBefore,
  readConsumerLags,
} from '../../../../control/queries/kafka/consumer-lag.ts'

function consumer(name: string, topic = 't'): ReadTopic {
  return { function: name, topic, group: `g-${name}` }
}

function requireTopic(topic: string): void {
  if (topic !== 't') throw Object.assign(new Error('no such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
}

/** Two partitions, of which the first begins at 10. */
const offsets = {
  bounds: async (topic: string) => {
    requireTopic(topic)
    return [
      { start: 10, end: 20 },
      { start: 0, end: 5 },
    ]
  },
  fetchCommitted: async (group: string, topic: string) => {
    requireTopic(topic)
    return { 'g-ahead': [20, 5], 'g-new': [-1, -1], 'g-half': [15, -1] }[group] ?? []
  },
}

it('given a topic of members that this client may not describe, then its lag is unknown, and not 0', async () => {
  const metadata = { brokers: [{ id: 1 }], topics: [] }
  const { kafka } = scriptedCluster({
    1: { Metadata: () => metadata, offsetFetch: () => ({ responses: [] }) },
  })
  const member = { memberId: 'm', clientId: 'c', host: 'h', assigned: { hidden: [1] } }
  const group = { group: 'g', state: 'stable', members: [member] } as const
  const described = { clusterId: null, controllerId: 1, brokers: [], topics: [] }
  const cluster = { metadata: async () => described, bounds: async () => new Map() }
  const [lag] = await readGroupLags(kafka, cluster, [group])
  assert.deepEqual(lag?.topics, [{ topic: 'hidden', pending: 0, partitions: [], unknown: [0, 1] }])
})

describe('how far consumers are behind', () => {
  it('given committed offsets, then lag counts from them, or from the first record without any', async () => {
    const names = ['ahead', 'new', 'half', 'unheard-of']
    const lags = await readConsumerLags(
      offsets,
      names.map(name => consumer(name)),
    )
    assert.deepEqual(
      lags.map(({ function: name, pending, partitions }) => [
        name,
        pending,
        partitions.map(partition => partition.next),
      ]),
      [
        ['ahead', 0, [20, 5]],
        ['new', 15, [10, 0]],
        ['half', 10, [15, 0]],
        ['unheard-of', 15, [10, 0]],
      ],
    )
    assert.deepEqual(lags[2]?.partitions[0], { partition: 0, next: 15, end: 20, pending: 5 })
  })

  it('given no such topic, then nothing is pending; given no answer, then there is an error', async () => {
    const [lag] = await readConsumerLags(offsets, [consumer('frost', 'missing')])
    assert.deepEqual([lag?.pending, lag?.partitions], [0, []])
    const away = { ...offsets, bounds: () => Promise.reject(new Error('away')) }
    await assert.rejects(readConsumerLags(away, [consumer('frost')]), /away/)
  })

  it('given that one of the topics is missing, then the lags of the others are known', async () => {
    const lags = await readConsumerLags(offsets, [consumer('frost', 'missing'), consumer('half')])
    assert.deepEqual(
      lags.map(({ function: name, pending }) => [name, pending]),
      [
        ['frost', 0],
        ['half', 10],
      ],
    )
  })

  it('given ends of a while ago, then what came later does not count', async () => {
    const [lag] = await readConsumerLags(offsets, [consumer('half')])
    assert.ok(lag)
    assert.equal(countPendingBefore(lag, [18, 0]), 3)
    assert.equal(countPendingBefore(lag, [12, 2]), 2)
  })
})

describe('for how long records have waited', () => {
  const lagAt = (...partitions: [next: number, end: number][]) => ({
    ...consumer('c'),
    pending: 0,
    partitions: partitions.map(([next, end], partition) => ({ partition, next, end, pending: end - next })),
  })
  const at = (partition: number, offset: number, timestampMs: number) =>
    logRecord(offset, {}, { topic: 't', partition, timestampMs })

  it('given pending records, then the first of them counts, and without any the age is 0 seconds', async () => {
    const log = new MemoryLogReader([at(0, 3, 1_000), at(0, 4, 2_500), at(0, 5, 9_000), at(1, 0, 1_000)])
    const { partitions } = await addAges(log, lagAt([4, 6], [1, 1]), 10_000)
    assert.deepEqual(
      partitions.map(({ seconds }) => seconds),
      [7.5, 0],
    )
  })

  it('given offsets without a record before the first one, then they are passed over', async () => {
    const log = new MemoryLogReader([at(0, 0, 0), at(0, 3, 4_000)])
    const { partitions } = await addAges(log, lagAt([1, 4]), 10_000)
    assert.equal(partitions[0]?.seconds, 6)
  })

  it('given offsets without any record, such as those of an aborted transaction, then nothing waits', async () => {
    const { partitions } = await addAges(new MemoryLogReader([at(0, 9, 0)]), lagAt([1, 9]), 10_000)
    assert.equal(partitions[0]?.seconds, 0)
  })

  it('given a clock behind the broker, then no wait is negative', async () => {
    const { partitions } = await addAges(new MemoryLogReader([at(0, 0, 5_000)]), lagAt([0, 1]), 4_000)
    assert.equal(partitions[0]?.seconds, 0)
  })

  it('given records that cannot be read now, then the wait is not known; a bug stays an error', async () => {
    const failing = (error: Error): LogReader => ({ read: () => Promise.reject(error) })
    const hidden = failing(new Unavailable('broker-unavailable', 'an open transaction'))
    const { partitions } = await addAges(hidden, lagAt([0, 1]), 4_000)
    assert.equal(partitions[0]?.seconds, null)
    await assert.rejects(addAges(failing(new TypeError('bug')), lagAt([0, 1]), 4_000), TypeError)
  })
})
