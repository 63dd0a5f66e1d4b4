import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rejection } from '@sluice/test-kit/rejection'
import { brokersAnswer, isRefusal } from '../../../adapters/kafka/availability.ts'
import { ClusterInspection } from '../../../adapters/kafka/cluster-inspection.ts'
import { scriptedCluster } from '../../support/scripted-cluster.ts'

const partition = (number: number, leader: number) => {
  return { errorCode: 0, partition: number, leader, replicas: [1, 2], inSync: [1] }
}
const metadata = {
  brokers: [],
  clusterId: null,
  controllerId: 1,
  topics: [
    { errorCode: 0, topic: 'broken', isInternal: false, partitions: [partition(0, -1)] },
    { errorCode: 0, topic: 'whole', isInternal: false, partitions: [partition(0, 1)] },
  ],
}
const edges = (offset: number) => [{ topic: 't', partition: 0, errorCode: 0, offset }]

function scripted(brokers: Parameters<typeof scriptedCluster>[0]) {
  const { kafka, calls } = scriptedCluster(brokers)
  return { inspection: new ClusterInspection(kafka), calls }
}

describe('given a cluster that is inspected', () => {
  it('when brokers are not known yet, then they are looked up with a topic that has all its leaders', async () => {
    const { inspection, calls } = scripted({
      1: { Metadata: () => metadata, DescribeLogDirs: () => [{ path: '/1' }] },
      2: { DescribeLogDirs: () => [] },
    })
    const answers = await inspection.logDirs([1, 2])
    assert.deepEqual(calls.slice(0, 2), ['Metadata 1', 'look up with whole'])
    const [one, two] = answers
    assert.ok(one && 'answer' in one)
    // An answer without any directory is how older brokers refuse.
    assert.ok(two && 'error' in two && isRefusal(two.error))
    assert.equal(brokersAnswer(two.error), 'CLUSTER_AUTHORIZATION_FAILED')
  })

  it('when a leader does not answer, then the bounds of the others are returned, and its own are unknown', async () => {
    const ends = [edges(3), edges(8)]
    const { inspection } = scripted({
      1: { Metadata: () => metadata, ListOffsets: () => ends.shift() },
      2: new Error('away'),
    })
    const topics = [{ topic: 't', partitions: [partition(0, 1), partition(1, 2), partition(2, -1)] }]
    const bounds = await inspection.bounds(topics)
    assert.deepEqual(bounds.get('t'), [{ start: 3, end: 8 }, undefined, undefined])
  })

  it('when an answer is a refusal, then it is named, and the next question connects anew', async () => {
    const { inspection, calls } = scripted({
      1: { DescribeConfigs: () => ({ errorCode: 29, settings: [] }), Metadata: () => metadata },
    })
    const error = await rejection(inspection.topicSettings('t'))
    assert.equal(brokersAnswer(error), 'TOPIC_AUTHORIZATION_FAILED')
    assert.ok(isRefusal(error))
    assert.deepEqual(calls, ['DescribeConfigs 1', 'disconnect'])
    assert.equal(await inspection.metadata(), metadata)
  })
})
