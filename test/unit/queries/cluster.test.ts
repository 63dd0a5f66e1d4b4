import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClusterMetadata, LogDir } from '@sluice/kafka-records/requests'
import { type ClusterAnswers, clusterIn, layoutsIn } from '../../../lib/queries/cluster.ts'
import { releaseOf } from '../../../lib/queries/kafka-releases.ts'
import { partitionLags } from '../../../lib/queries/lag.ts'
import { topicSizes } from '../../../lib/queries/topic-sizes.ts'

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
const features = (id: number, supported: [string, number][], finalized: [string, number][] = []) => {
  return { broker: id, answer: { supported: new Map(supported), finalized: new Map(finalized) } }
}
const dir = (copies: [topic: string, partition: number, bytes: number, isFuture?: boolean][]): LogDir => ({
  errorCode: 0,
  path: '/data',
  copies: copies.map(([topic, number, bytes, isFuture = false]) => {
    return { topic, partition: number, bytes, isFuture }
  }),
  totalBytes: 1_000,
  usableBytes: 400,
})
const refused = (id: number, type = 'CLUSTER_AUTHORIZATION_FAILED') => {
  return { broker: id, error: Object.assign(new Error(type), { type, retriable: false }) }
}
const described = (answers: Partial<ClusterAnswers> = {}) =>
  clusterIn({ metadata: METADATA, features: [], logDirs: [], quorum: undefined, ...answers })

describe("given brokers' descriptions of a cluster", () => {
  it('then a broker that is away is named with its copies, and partitions without leader are not behind', () => {
    const found = described()
    assert.deepEqual(found.missing, [{ id: 3, copies: 2 }])
    assert.deepEqual(
      [found.leaderless, found.underReplicated, found.partitions, found.topics, found.internalTopics],
      [1, 1, 3, 1, 1],
    )
    assert.deepEqual(
      found.brokers.map(({ id, leads, copies }) => [id, leads, copies]),
      [
        [1, 1, 1],
        [2, 1, 2],
      ],
    )
  })

  it('when there is a quorum, then its leader is the controller, and not whom the metadata name', () => {
    const voters = [3, 1].map(id => ({ id, endOffset: 1 }))
    const quorum = { errorCode: 0, leader: 3, epoch: 1, voters }
    assert.deepEqual(described({ quorum }).controller, { kind: 'kraft', id: 3, voters: [1, 3] })
    const none = described({ quorum: { ...quorum, leader: -1 } })
    assert.equal(none.controller.id, null)
  })

  it('when the quorum is unknown, then the metadata name the controller only with ZooKeeper', () => {
    const kraft = described({ features: [features(1, [['metadata.version', 30]])] })
    assert.deepEqual(kraft.controller, { kind: 'kraft', id: null, voters: [] })
    const zookeeper = described({ features: [features(1, [])] })
    assert.deepEqual(zookeeper.controller, { kind: 'zookeeper', id: 2, voters: [] })
    assert.equal(described().controller.kind, 'unknown')
  })

  it('then each broker has its own release, and the cluster the level that all work at', () => {
    const found = described({
      features: [
        features(1, [['metadata.version', 30]], [['metadata.version', 21]]),
        features(2, [['metadata.version', 21]], [['metadata.version', 21]]),
      ],
    })
    assert.deepEqual(
      found.brokers.map(({ release }) => release),
      ['4.3', '3.9'],
    )
    assert.equal(found.metadataRelease, '3.9')
  })

  it('when a broker does not report its sizes, then the reason is shown, and never 0', () => {
    const found = described({
      logDirs: [{ broker: 1, answer: [dir([['b', 0, 5]]), { ...dir([]), errorCode: 56 }] }, refused(2)],
    })
    const [one, two] = found.brokers
    assert.deepEqual(one?.disks, { bytes: 5, totalBytes: 2_000, usableBytes: 800, failed: ['/data'] })
    assert.deepEqual([two?.disks, two?.disksUnknown], [null, 'refused'])
    const others = described({ logDirs: [refused(1, 'UNSUPPORTED_VERSION')] })
    assert.deepEqual(
      others.brokers.map(({ disksUnknown }) => disksUnknown),
      ['unsupported', 'away'],
    )
  })

  it('then topics come in the order of their names, and partitions in that of their numbers', () => {
    assert.deepEqual(
      layoutsIn(METADATA).map(({ topic, partitions }) => [topic, partitions.map(one => one.partition)]),
      [
        ['__a', [0]],
        ['b', [0, 1]],
      ],
    )
  })
})

describe('given the logs on the disks of brokers', () => {
  const [topic] = layoutsIn({
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
  const sizeFrom = (...answers: Parameters<typeof topicSizes>[1]) => topicSizes([topic], answers).get('t')

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

describe('given levels of metadata.version', () => {
  it('then each belongs to its release, and newer ones are not taken for the last that is known', () => {
    const releases = [3, 4, 7, 8, 14, 21, 25, 26, 29, 30].map(releaseOf)
    assert.deepEqual(releases, ['before 3.3', '3.3', '3.3', '3.4', '3.6', '3.9', '4.0', '4.1', '4.2', '4.3'])
    assert.equal(releaseOf(31), '4.3 or later')
  })
})

describe('given partitions of which some have no leader', () => {
  it('then their lag is left out, and never 0', () => {
    assert.deepEqual(partitionLags([{ start: 2, end: 9 }, undefined, { start: 5, end: 9 }], [4, 3]), [
      { partition: 0, next: 4, end: 9, pending: 5 },
      { partition: 2, next: 5, end: 9, pending: 4 },
    ])
    assert.deepEqual(partitionLags([{ start: 2, end: 9 }], [-1]), [
      { partition: 0, next: 2, end: 9, pending: 7 },
    ])
  })
})
