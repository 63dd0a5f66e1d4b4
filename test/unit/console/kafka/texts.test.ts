import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assignedText,
  clusterWarnings,
  controllerText,
  disksText,
  groupStanding,
  lagText,
  partitionsText,
  rangesText,
  readersOf,
  ruleText,
  schemaText,
  settingText,
  topicStanding,
  waitText,
} from '../../../../console/page/kafka/texts.ts'

const CONTROLLER = { kind: 'kraft', id: 1, voters: [1, 2, 3] } as const

describe('given a cluster, when the page tells how it stands', () => {
  it('then nothing is said where all is well, and what is missing comes first', () => {
    const well = { missing: [], leaderless: 0, underReplicated: 0, controller: CONTROLLER }
    assert.deepEqual(clusterWarnings(well), [])
    const ill = { ...well, missing: [{ id: 3, copies: 1 }], leaderless: 2, underReplicated: 1 }
    const [first, ...others] = clusterWarnings({ ...ill, controller: { ...CONTROLLER, id: null } })
    assert.match(first ?? '', /^Broker 3 is away: it is to keep copies of 1 partition\.$/)
    assert.match(others.join(' '), /2 partitions have no leader.*1 partition lacks.*No controller is elected/)
  })

  it('then the controller is named with those who elect it', () => {
    assert.equal(controllerText(CONTROLLER), '1, elected by 1, 2, 3')
    assert.equal(controllerText({ kind: 'kraft', id: 1, voters: [1] }), '1')
    assert.equal(controllerText({ kind: 'zookeeper', id: 2, voters: [] }), '2, by ZooKeeper')
    assert.equal(controllerText({ kind: 'kraft', id: null, voters: [] }), 'not told')
  })

  it('then disks have figures, or the reason why not', () => {
    const disks = { bytes: 1, totalBytes: 4 * 2 ** 30, usableBytes: 2 ** 30, failed: [] }
    assert.equal(disksText({ disks, disksUnknown: null }), '1 GiB free of 4 GiB')
    assert.match(disksText({ disks: null, disksUnknown: 'refused' }), /needs the right/)
    assert.match(
      disksText({ disks: { ...disks, totalBytes: null }, disksUnknown: null }),
      /before Kafka 3\.3/,
    )
  })
})

describe('given topics and groups, when the page tells how they stand', () => {
  it('then the worst of a topic decides', () => {
    assert.deepEqual(topicStanding({ leaderless: 1, underReplicated: 2 }).tone, 'bad')
    assert.deepEqual(topicStanding({ leaderless: 0, underReplicated: 2 }), { text: '2 behind', tone: 'warn' })
    assert.deepEqual(topicStanding({ leaderless: 0, underReplicated: 0 }).tone, 'good')
  })

  it('then a group without members is bad only while records wait', () => {
    assert.equal(groupStanding({ state: 'empty', pending: 1 }).tone, 'bad')
    assert.equal(groupStanding({ state: 'empty', pending: 0 }).tone, 'warn')
    assert.equal(groupStanding({ state: 'stable', pending: 9 }).tone, 'good')
  })

  it('then a lag of which a part is not known is no exact figure', () => {
    assert.deepEqual([lagText(1200, false), lagText(1200, true)], ['1,200', 'at least 1,200'])
  })

  it('then a lag has its age, and says so where that is not known', () => {
    assert.deepEqual([waitText(0, 0), waitText(3, 65), waitText(3, null)], ['–', '1 min 5 s', 'not known'])
  })

  it('then each partition has the member that reads it, and partitions in a row are one range', () => {
    const members = [{ clientId: 'app', host: '10.0.0.1', assigned: { t: [0, 1, 2, 5], u: [] } }]
    assert.equal(readersOf('t', members).get(5), 'app at 10.0.0.1')
    assert.equal(readersOf('u', members).size, 0)
    assert.equal(assignedText({ t: [0, 1, 2, 5], u: [] }), 't: 0–2, 5')
    assert.equal(assignedText({}), 'nothing')
    assert.equal(rangesText([3, 1, 2, 10]), '1–3, 10')
    assert.equal(partitionsText([2]), 'Partition 2 has')
    assert.equal(partitionsText([0, 1]), 'Partitions 0–1 have')
  })
})

describe('given settings and schemas, when the page shows them', () => {
  it('then numbers have a meaning beside them, and no limit is not a length of time', () => {
    assert.equal(settingText('retention.ms', '604800000'), '604800000 (7 d 0 h)')
    assert.equal(settingText('segment.bytes', '1073741824'), '1073741824 (1 GiB)')
    assert.equal(settingText('flush.ms', '9223372036854775807'), '9223372036854775807 (no limit)')
    assert.equal(settingText('retention.bytes', '-1'), '-1')
    assert.equal(settingText('cleanup.policy', 'delete'), 'delete')
    assert.equal(settingText('any', null), 'hidden')
  })

  it('then a rule has its promise, and JSON a line for each member', () => {
    assert.equal(ruleText({ name: 'NONE', promise: 'nothing is checked' }), 'NONE: nothing is checked')
    assert.equal(ruleText({ name: 'ODD', promise: null }), 'ODD')
    assert.equal(ruleText(null), "the registry's default")
    assert.equal(schemaText('{"a":1}'), '{\n  "a": 1\n}')
    assert.equal(schemaText('syntax = "proto3";'), 'syntax = "proto3";')
  })
})
