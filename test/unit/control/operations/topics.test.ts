import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeApplied, describePlan, toRefusedText } from '../../../../control/operations/change-topics.ts'
import { getClusterKind, planTopics, type TopicFacts } from '../../../../lib/topics/plan.ts'
import { NAMES } from '../../../support/families.ts'
import { golden, goldenAnswers } from '../../../support/golden.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const FACTS: TopicFacts = { signal: 'readings', records: 7, replicationFactor: 1, readers: ['alerting'] }

function decided(setting: string, found: string, wanted: string, facts: Partial<TopicFacts> = {}) {
  const difference = { topic: TOPIC, setting, found, wanted }
  const known = new Map([[TOPIC, { ...FACTS, ...facts }]])
  const plan = planTopics(NAMES, { missing: [], differences: [difference] }, [], known)
  assert.equal(plan.changes.length + plan.refused.length, 1, 'each difference is either changed or refused')
  return plan.refused[0]?.because ?? 'changed'
}

// Promise docs/kafka.md#keep-topics-as-the-table-says | A plan changes what can be changed and refuses what loses records.
describe('given a difference between a topic and the table, when it is planned', () => {
  it('then it is changed, or refused with the reason', () =>
    goldenAnswers('topics-decisions', text => {
      const [setting = '', found = '', wanted = '', facts = '{}'] = text.split(' ')
      return decided(setting, found, wanted, JSON.parse(facts))
    }))
})

it('given a topic of which nothing is known, then no change of it is made', () => {
  const difference = { topic: TOPIC, setting: 'compression.type', found: 'gzip', wanted: 'producer' }
  const { changes, refused } = planTopics(NAMES, { missing: [], differences: [difference] }, [], new Map())
  assert.deepEqual([changes.length, refused.length], [0, 1])
})

it('given MSK Serverless, then its replication is not different, and its cleanup policies stay', () => {
  const differences = ['replication.factor', 'min.insync.replicas', 'cleanup.policy', 'retention.ms'].map(
    setting => ({ topic: TOPIC, setting, found: '1', wanted: '2' }),
  )
  const known = new Map([[TOPIC, { ...FACTS, records: 0 }]])
  const serverless = getClusterKind('arn:aws:kafka:eu-west-1:123456789012:cluster/one/751d2973-s1')
  const { changes, refused } = planTopics(NAMES, { missing: [], differences }, [], known, serverless)
  assert.deepEqual(
    changes.map(({ setting }) => setting),
    ['retention.ms'],
  )
  assert.deepEqual(
    refused.map(({ setting, because }) => [setting, because]),
    [['cleanup.policy', 'this kind of cluster allows it only when a topic is created']],
  )
  const provisioned = getClusterKind('arn:aws:kafka:eu-west-1:123456789012:cluster/one-s1/751d2973-2')
  for (const kind of [provisioned, getClusterKind(undefined)])
    assert.deepEqual(kind, { decides: [], fixes: [] })
})

describe('given a plan, when it is shown', () => {
  const creation = { topic: 'a', partitions: 3, replicationFactor: 1 }
  const change = { topic: 'b', setting: 'retention.ms', found: '1', wanted: '2' }
  const refusal = { ...change, setting: 'partitions', because: 'it would lose records' }

  it('then it is printed as the golden text says', () => {
    const plan = { creations: [creation], changes: [change], refused: [refusal] }
    golden('topics-plan', {
      plan: toText(describePlan('test', plan)),
      'no difference': toText(describePlan('test', { creations: [], changes: [], refused: [] })),
      applied: toText(describeApplied({ created: ['a'], changed: [change] })),
      refused: `${toRefusedText([refusal])}\n${toRefusedText([refusal, refusal])}`,
    })
  })

  it('then only missing topics are created', () => {
    const { creations } = planTopics(
      NAMES,
      { missing: ['a'], differences: [] },
      [creation, { ...creation, topic: 'b' }],
      new Map(),
    )
    assert.deepEqual(creations, [creation])
  })
})

function toText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
