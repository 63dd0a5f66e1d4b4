import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClusterMetadata, LogDir } from '@sluice/kafka-records/requests'
import { toClusterTopics, toListedBrokers } from '../../../../control/queries/kafka/cluster.ts'
import { computePartitionLags } from '../../../../control/queries/kafka/consumer-lag.ts'
import { computeTopicSizes } from '../../../../control/queries/kafka/topic-sizes.ts'

const partition = (number: number, leader: number, replicas: number[], inSync = replicas) => {
  return { errorCode: 0, partition: number, leader, replicas, inSync }
}
const broker = (id: number) => ({ id, host: `host-${id}`, port: 9092, rack: null })

const METADATA: ClusterMetadata = {
  brokers: [broker(2), broker(1)],
  clusterId: 'c',
  controllerId: 2,
  topics: [
    {
      errorCode: 0,
      topic: 'b',
      isInternal: false,
      partitions: [partition(1, -1, [3], []), partition(0, 1, [1, 2, 3], [1, 2])],
    },
    { errorCode: 0, topic: '__a', isInternal: true, partitions: [partition(0, 2, [2])] },
  ],
}
const dir = (copies: [topic: string, partition: number, bytes: number, isFuture?: boolean][]): LogDir => ({
  errorCode: 0,
  path: '/data',
  copies: copies.map(([topic, number, bytes, isFuture = false]) => {
    return { topic, partition: number, bytes, isFuture }
  }),
})
const refused = (id: number, type = 'CLUSTER_AUTHORIZATION_FAILED') => {
  return { broker: id, error: Object.assign(new Error(type), { type, retriable: false }) }
}
describe('given the topics of a cluster', () => {
  it('then topics come in the order of their names, and partitions in that of their numbers', () => {
    assert.deepEqual(
      toClusterTopics(METADATA).map(({ topic, partitions }) => [
        topic,
        partitions.map(partition => partition.partition),
      ]),
      [
        ['__a', [0]],
        ['b', [0, 1]],
      ],
    )
  })
})

describe('given the brokers of a cluster', () => {
  it('then each has its address, the partitions that it leads, and its size, if it reports it', () => {
    const brokers = [{ ...broker(2), rack: 'eu-1a' }, broker(1)]
    const dirs = [dir([['b', 0, 100]]), dir([['__a', 0, 20, true]])]
    const listed = toListedBrokers({ ...METADATA, brokers }, [{ broker: 1, answer: dirs }, refused(2)])
    assert.deepEqual(listed, [
      { id: 1, address: 'host-1:9092', rack: null, leads: 1, bytes: 120 },
      { id: 2, address: 'host-2:9092', rack: 'eu-1a', leads: 1, bytes: null },
      // It has replicas, and has left the cluster.
      { id: 3, address: null, rack: null, leads: 0, bytes: null },
    ])
  })
})

describe('given the logs on the disks of brokers', () => {
  const [topic] = toClusterTopics({
    ...METADATA,
    topics: [
      {
        errorCode: 0,
        topic: 't',
        isInternal: false,
        partitions: [partition(0, 1, [1, 2]), partition(1, 2, [2])],
      },
    ],
  })
  assert.ok(topic)
  const sizeFrom = (...answers: Parameters<typeof computeTopicSizes>[1]) =>
    computeTopicSizes([topic], answers).get('t')

  it('then a topic has the size of its leaders, and one with all copies; a copy that is moved counts once', () => {
    const first = { broker: 1, answer: [dir([['t', 0, 10]]), dir([['t', 0, 4, true]])] }
    const size = sizeFrom(first, { broker: 2, answer: [dir([['t', 0, 9]]), dir([['t', 1, 7]])] })
    assert.deepEqual(size, { bytes: 17, bytesOfCopies: 26, partitions: [10, 7] })
  })

  it('when a broker does not report, then the sum is unknown, and never a part of it', () => {
    const size = sizeFrom({ broker: 1, answer: [dir([['t', 0, 10]])] }, refused(2))
    assert.deepEqual(size, { bytes: null, bytesOfCopies: null, partitions: [10, null] })
  })
})

describe('given partitions of which some have no leader', () => {
  it('then their lag is left out, and never 0', () => {
    assert.deepEqual(computePartitionLags([{ start: 2, end: 9 }, undefined, { start: 5, end: 9 }], [4, 3]), [
      { partition: 0, next: 4, end: 9, pending: 5 },
      { partition: 2, next: 5, end: 9, pending: 4 },
    ])
    assert.deepEqual(computePartitionLags([{ start: 2, end: 9 }], [-1]), [
      { partition: 0, next: 2, end: 9, pending: 7 },
    ])
  })
})
