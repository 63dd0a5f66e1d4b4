import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kafka } from 'kafkajs'
import { brokersAnswer } from '../../../../lib/runtime/adapters/kafka/answers.ts'
import { isRefusal } from '../../../../lib/runtime/adapters/kafka/availability.ts'
import { ClusterInspection } from '../../../../lib/runtime/adapters/kafka/cluster-inspection.ts'
import { rejection } from '../../../support/rejection.ts'

const ALL = { minVersion: 0, maxVersion: 99 }
const VERSIONS = { 2: ALL, 3: ALL, 32: ALL, 35: { minVersion: 0, maxVersion: 1 }, 55: ALL }

/** What a scripted broker answers to the questions of the protocol, by their names. */
type Script = Readonly<Record<string, () => unknown>>

interface SentRequest {
  readonly request: { readonly apiName: string }
  readonly response: { parse(decoded: { answer: unknown }): unknown }
}

function scripted(brokers: Readonly<Record<string, Script | Error>>) {
  const calls: string[] = []
  const brokerOf = (id: string) => ({
    versions: VERSIONS,
    connectionPool: {
      async send({ request: { apiName }, response }: SentRequest) {
        calls.push(`${apiName} ${id}`)
        const script = brokers[id]
        if (!script || script instanceof Error) throw script
        const answer = script[apiName]?.()
        if (answer instanceof Error) throw answer
        return response.parse({ answer })
      },
    },
  })
  const cluster = {
    targetTopics: new Set<string>(),
    known: [] as string[],
    connect: async () => {},
    disconnect: async () => void calls.push('disconnect'),
    getNodeIds: () => cluster.known,
    refreshMetadata: async () => {
      calls.push(`look up with ${[...cluster.targetTopics]}`)
      cluster.known = Object.keys(brokers)
    },
    findBroker: async ({ nodeId }: { nodeId: string }) => {
      const found = brokers[nodeId]
      if (!found || found instanceof Error) throw found ?? new Error(`no broker ${nodeId}`)
      return brokerOf(nodeId)
    },
    brokerPool: { findConnectedBroker: async () => brokerOf('1') },
  }
  const kafka = { [Symbol('private:Kafka:createCluster')]: () => cluster }
  return { inspection: new ClusterInspection(kafka as unknown as Kafka), calls }
}

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

describe('given a cluster that is inspected', () => {
  it('when brokers are not known yet, then they are looked up with a topic that has all its leaders', async () => {
    const { inspection, calls } = scripted({
      1: { Metadata: () => metadata, DescribeLogDirs: () => ({ errorCode: 0, dirs: [{ path: '/1' }] }) },
      2: { DescribeLogDirs: () => ({ errorCode: 0, dirs: [] }) },
    })
    const answers = await inspection.logDirs([1, 2])
    assert.deepEqual(calls.slice(0, 2), ['Metadata 1', 'look up with whole'])
    const [one, two] = answers
    assert.ok(one && 'answer' in one)
    // An answer without any directory is how older brokers refuse.
    assert.ok(two && 'error' in two && isRefusal(two.error))
    assert.equal(brokersAnswer(two.error), 'CLUSTER_AUTHORIZATION_FAILED')
  })

  it('when a leader does not answer, then the bounds of the others are told, and its own are unknown', async () => {
    const ends = [edges(3), edges(8)]
    const { inspection } = scripted({
      1: { Metadata: () => metadata, ListOffsets: () => ends.shift() },
      2: new Error('away'),
    })
    const topics = [{ topic: 't', partitions: [partition(0, 1), partition(1, 2), partition(2, -1)] }]
    const bounds = await inspection.bounds(topics)
    assert.deepEqual(bounds.get('t'), [{ start: 3, end: 8 }, undefined, undefined])
  })

  it('when no leader answers, then that is the error, and not an empty cluster', async () => {
    const { inspection } = scripted({ 1: { Metadata: () => metadata, ListOffsets: () => new Error('away') } })
    const topics = [{ topic: 't', partitions: [partition(0, 1)] }]
    assert.equal((await rejection(inspection.bounds(topics))).message, 'away')
  })

  it('when an answer is a refusal, then it has the name of the protocol, and the next question connects anew', async () => {
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
