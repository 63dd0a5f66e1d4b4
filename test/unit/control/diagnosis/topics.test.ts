import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkInput, checkTopic } from '../../../../control/diagnosis/checks/topics.ts'
import type { ReadTopicFacts } from '../../../../control/diagnosis/facts.ts'
import { ACCOUNT, MACHINE, notOk, topic } from '../../../support/doctor-facts.ts'
import { NAMES } from '../../../support/families.ts'

const copies = (replicas: number[], inSync = replicas, leader = 1) => ({
  partitions: [0, 1].map(partition => ({ partition, leader, replicas, inSync })),
})

describe('given a topic of an account, when its settings are held against the table', () => {
  it('then a topic as the table has it is ok in every point', () => {
    const findings = checkTopic(NAMES, topic(), ACCOUNT)
    assert.deepEqual(notOk(findings), [])
    assert.equal(findings.length, 11)
  })

  const wrong: readonly (readonly [setting: string, value: string, must: string])[] = [
    ['message.timestamp.type', 'CreateTime', 'LogAppendTime'],
    ['retention.ms', '3600000', '604800000'],
    ['retention.bytes', '1000', '-1'],
    ['cleanup.policy', 'compact', 'delete'],
    ['max.message.bytes', '1000', '1048576'],
    ['compression.type', 'gzip', 'producer'],
    ['min.insync.replicas', '1', '2'],
    ['min.insync.replicas', '3', '2'],
  ]
  // Promise docs/doctor.md#the-checks
  for (const [setting, value, must] of wrong)
    it(`then ${setting}=${value} is wrong, with what to change`, () => {
      const findings = checkTopic(NAMES, topic({}, { [setting]: value }), ACCOUNT)
      assert.deepEqual(notOk(findings), [`${setting} wrong`])
      const [finding] = findings.filter(({ verdict }) => verdict === 'wrong')
      assert.equal(finding?.says, `${setting}=${value}, must be ${must}`)
      assert.ok(finding?.todo)
    })

  const right: [what: string, setting: string, value: string][] = [
    ['a longer retention', 'retention.ms', '999999999999'],
    ['retention without end', 'retention.ms', '-1'],
    ['larger messages', 'max.message.bytes', '2097152'],
  ]
  for (const [what, setting, value] of right)
    it(`then ${what} is ok`, () =>
      assert.deepEqual(notOk(checkTopic(NAMES, topic({}, { [setting]: value }), ACCOUNT)), []))

  it('then one copy is wrong in an account, and right on a machine with one broker', () => {
    const topicFacts = topic(copies([1]), { 'min.insync.replicas': '1' })
    assert.deepEqual(notOk(checkTopic(NAMES, topicFacts, ACCOUNT)), [
      'replication wrong',
      'min.insync.replicas wrong',
    ])
    assert.deepEqual(notOk(checkTopic(NAMES, topicFacts, MACHINE)), [])
  })

  it('then a copy that has fallen behind is wrong, and so is a partition without leader', () => {
    assert.deepEqual(notOk(checkTopic(NAMES, topic(copies([1, 2, 3], [1, 2])), ACCOUNT)), ['in-sync wrong'])
    assert.deepEqual(notOk(checkTopic(NAMES, topic(copies([1, 2, 3], [], -1)), ACCOUNT)), ['in-sync wrong'])
  })

  // Promise docs/guarantees.md#rule 24
  it('rule 24: other numbers of partitions than the configured one are wrong, with the setting for what exists', () => {
    const { partitions } = copies([1, 2, 3])
    assert.deepEqual(notOk(checkTopic(NAMES, topic({ partitions: partitions.slice(1) }), ACCOUNT)), [
      'partitions wrong',
    ])
    const three = { partitions: [...partitions, { ...partitions[0], partition: 2 }] as typeof partitions }
    const findings = checkTopic(NAMES, topic(three), ACCOUNT)
    assert.deepEqual(notOk(findings), ['partitions wrong'])
    assert.match(
      findings.find(({ verdict }) => verdict === 'wrong')?.todo ?? '',
      /Set PARTITIONS=readings=3, or/,
    )
  })

  it('then a topic that is not there is wrong, and one that cannot be asked for is unknown', () => {
    assert.deepEqual(notOk(checkTopic(NAMES, { ...topic(), found: { seen: undefined } }, ACCOUNT)), [
      'exists wrong',
    ])
    assert.deepEqual(notOk(checkTopic(NAMES, { ...topic(), found: { unseen: 'refused' } }, ACCOUNT)), [
      'exists unknown',
    ])
  })

  // Promise docs/doctor.md#rights
  it('then unreported settings are unknown, each with the necessary permission', () => {
    const findings = checkTopic(NAMES, topic({ settings: { unseen: 'Kafka refuses' } }), ACCOUNT)
    const unknown = findings.filter(({ verdict }) => verdict === 'unknown')
    assert.equal(unknown.length, 7)
    for (const { says, todo } of unknown) assert.deepEqual([says, typeof todo], ['Kafka refuses', 'string'])
    const secret = checkTopic(NAMES, topic({}, { 'retention.ms': null }), ACCOUNT)
    assert.deepEqual(notOk(secret), ['retention.ms unknown'])
  })
})

describe('given the topic of another application, when a doctor looks for it', () => {
  const cases: [what: string, found: ReadTopicFacts['found'], account: string, machine: string][] = [
    ['that is there', { seen: { partitions: [] } }, 'ok', 'ok'],
    ['that is missing', { seen: undefined }, 'wrong', 'ok'],
    ['that Kafka does not describe', { unseen: 'refused' }, 'unknown', 'unknown'],
  ]
  for (const [what, found, account, machine] of cases)
    it(`then one ${what} is ${account} in an account, and ${machine} on a machine, where its reader waits for it`, () => {
      const judge = (standards: typeof ACCOUNT) => checkInput({ topic: 'greenhouse', found }, standards)
      assert.deepEqual([judge(ACCOUNT).verdict, judge(MACHINE).verdict], [account, machine])
      assert.equal(judge(ACCOUNT).todo === undefined, account === 'ok')
    })
})
