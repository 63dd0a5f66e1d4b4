import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asPlanned } from '../../../cli/doctor/as-planned.ts'
import { type Finding, finding, ok, wrong } from '../../../lib/diagnosis/finding.ts'
import type { TopicPlan } from '../../../lib/operations/topic-plan.ts'

const change = (topic: string, setting: string) => ({ topic, setting, found: '20', wanted: '10' })
const PLAN: TopicPlan = {
  creations: [{ topic: 'new', partitions: 3 }],
  changes: [
    change('empty', 'retention.ms'),
    change('empty', 'min.insync.replicas'),
    change('empty', 'message.timestamp.type'),
  ],
  refused: [
    { ...change('full', 'retention.ms'), because: 'records would be lost' },
    { ...change('full', 'max.message.bytes'), because: 'they may be larger' },
    { ...change('full', 'partitions'), because: 'they move' },
  ],
}

const line = ({ check, subject, verdict }: Finding) => `${verdict} ${check} ${subject}`
const faulty = (check: string, topic: string) =>
  finding('topics', check, topic, wrong('not as it must be', 'Do.'))

describe('given what was found of topics before a deployment, and what the deployment plans', () => {
  it('then a change that is refused is wrong with its reason, also where the topic is well as it is', () => {
    const found = [finding('topics', 'retention', 'full', ok('20 days')), faulty('partitions', 'full')]
    const told = asPlanned(found, { seen: PLAN })
    assert.deepEqual(told.map(line), [
      'wrong retention full',
      'wrong partitions full',
      // Nothing else was found about it.
      'wrong message-size full',
    ])
    assert.equal(
      told[0]?.says,
      'the deployment refuses to change retention.ms from 20 to 10: records would be lost',
    )
    assert.match(told[0]?.todo ?? '', /^Revert the change of lib\/app\/topics\.ts; .*\.$/)
  })

  it('then what it creates or changes is ok, but for timestamps, which it refuses before it plans', () => {
    const found = [
      faulty('exists', 'new'),
      faulty('retention', 'empty'),
      faulty('min-insync', 'empty'),
      faulty('timestamp-type', 'empty'),
    ]
    const told = asPlanned(found, { seen: { ...PLAN, refused: [] } })
    assert.deepEqual(told.map(line), [
      'ok exists new',
      'ok retention empty',
      'ok min-insync empty',
      'wrong timestamp-type empty',
    ])
    assert.equal(told[1]?.says, 'not as it must be; the deployment corrects it')
  })

  it('then what it neither creates nor changes stays as it was found', () => {
    const found = [
      faulty('replication', 'empty'),
      faulty('exists', 'other'),
      finding('kafka', 'exists', 'new', ok('x')),
    ]
    assert.deepEqual(asPlanned(found, { seen: { ...PLAN, refused: [] } }), found)
  })

  it('given no plan, then what a deployment might put right is unknown, and nothing of it ok', () => {
    const found = [faulty('exists', 'new'), faulty('retention', 'empty'), faulty('timestamp-type', 'empty')]
    const told = asPlanned(found, { unseen: 'no right to describe topics' })
    assert.deepEqual(told.map(line), [
      'unknown exists new',
      'unknown retention empty',
      'wrong timestamp-type empty',
    ])
    assert.match(told[0]?.says ?? '', /cannot be seen from here: no right to describe topics$/)
  })
})
