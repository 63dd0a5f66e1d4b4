import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeGroups, listVisibleGroups } from '../../../adapters/kafka/groups.ts'
import { topicLayouts } from '../../../adapters/kafka/topic-admin.ts'
import { scriptedCluster } from '../../support/scripted-cluster.ts'

const partition = (number: number, leader: number) => {
  return { errorCode: leader < 0 ? 5 : 0, partition: number, leader, replicas: [1], inSync: [] }
}
/** One topic has a partition without leader: the library's own admin client would fail. */
const Metadata = () => ({
  brokers: [{ id: 1 }, { id: 2 }],
  topics: [
    { errorCode: 0, topic: 'whole', isInternal: false, partitions: [partition(0, 1)] },
    { errorCode: 0, topic: 'broken', isInternal: false, partitions: [partition(1, 1), partition(0, -1)] },
  ],
})
const group = (groupId: string, state: string) => ({ groupId, state, members: [] })

describe('given a cluster with a partition that has no leader', () => {
  const listed = (...groups: [groupId: string, protocolType: string][]) => ({
    groups: groups.map(([groupId, protocolType]) => ({ groupId, protocolType })),
  })
  const described = (asked: string) => ({ groups: asked.split(' ').map(id => group(id, 'Empty')) })

  it('then the groups of all brokers are listed, without those of other protocols', async () => {
    const { kafka, calls } = scriptedCluster({
      1: {
        Metadata,
        listGroups: () => listed(['b', 'consumer'], ['c', 'connect']),
        describeGroups: described,
      },
      2: { listGroups: () => listed(['a', '']), describeGroups: described },
    })
    assert.deepEqual(
      (await listVisibleGroups(kafka)).map(group => [group.group, group.state]),
      [
        ['a', 'empty'],
        ['b', 'empty'],
      ],
    )
    assert.ok(calls.includes('look up with whole'))
    assert.equal(calls.at(-1), 'disconnect')
  })

  it('given a group that is listed and described as dead, then its state and members are unknown', async () => {
    const dead = (asked: string) => ({ groups: asked.split(' ').map(id => group(id, 'Dead')) })
    const { kafka } = scriptedCluster({
      1: {
        Metadata,
        listGroups: () => listed(['newer', 'consumer'], ['share', 'share']),
        describeGroups: dead,
      },
      2: { listGroups: () => listed(['flow', 'streams']), describeGroups: dead },
    })
    const unknown = { state: 'unknown', members: null }
    assert.deepEqual(await listVisibleGroups(kafka), [
      { group: 'flow', ...unknown },
      { group: 'newer', ...unknown },
    ])
    assert.deepEqual(await describeGroups(kafka, ['newer', 'share', 'gone']), [
      { group: 'newer', ...unknown },
      { group: 'share', ...unknown },
      { group: 'gone', state: 'missing', members: [] },
    ])
  })

  it('when one group may not be seen, then it alone is left out', async () => {
    const type = 'GROUP_AUTHORIZATION_FAILED'
    const refusal = Object.assign(new Error(type), { type, retriable: false })
    const names: [string, string][] = ['a', 'b', 'c'].map(name => [name, 'consumer'])
    const { kafka } = scriptedCluster({
      1: {
        Metadata,
        listGroups: () => listed(...names),
        describeGroups: asked => (asked.split(' ').includes('b') ? refusal : described(asked)),
      },
      2: { listGroups: () => listed() },
    })
    assert.deepEqual(
      (await listVisibleGroups(kafka)).map(group => group.group),
      ['a', 'c'],
    )
  })

  it('then all topics are returned, and the partition without leader with them', async () => {
    const { kafka } = scriptedCluster({ 1: { Metadata } })
    assert.deepEqual(
      (await topicLayouts(kafka)).map(({ topic, partitions }) => [
        topic,
        partitions.map(partition => partition.leader),
      ]),
      [
        ['broken', [-1, 1]],
        ['whole', [1]],
      ],
    )
  })
})
