import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { account } from '../../../infra/account.ts'
import { expandedFields } from '../../../infra/expand-functions.ts'
import { missedRunFields, missedRunsResources } from '../../../infra/missed-runs.ts'
import { roles } from '../../../infra/roles.ts'
import { thisMachine } from '../../../infra/this-machine.ts'
import { declaredFunctions, readFunctions } from '../../../lib/app/functions.ts'

const PLACE = account('prod', 'eu-west-1', {}, '/project')
const FUNCTIONS = declaredFunctions({
  waker: { schedule: 'rate(1 minute)' },
  keeper: { schedule: 'rate(15 minutes)' },
  reader: { consumes: 'alerts', uses: ['redis'] },
})

describe('a run that failed', () => {
  const table: [expression: string, age: number, retries: number][] = [
    ['rate(1 minute)', 60, 0],
    ['rate(2 minutes)', 120, 1],
    ['rate(3 minutes)', 180, 1],
    ['rate(4 minutes)', 240, 2],
    ['rate(15 minutes)', 900, 2],
    ['rate(6 hours)', 21_600, 2],
    ['rate(1 day)', 21_600, 2],
    ['cron(0 12 * * ? *)', 3_600, 2],
  ]
  for (const [expression, age, retries] of table)
    it(`given ${expression}, then it is tried again ${retries} times, within ${age} s`, () => {
      const { maximumEventAge, maximumRetryAttempts, destinations } = missedRunFields(expression)
      assert.deepEqual([maximumEventAge, maximumRetryAttempts], [age, retries])
      assert.deepEqual(destinations, {
        onFailure: { type: 'sqs', arn: { 'Fn::GetAtt': ['MissedRuns', 'Arn'] } },
      })
    })

  it('given an account, then what a schedule calls has the queue, and may send to it, and nothing else may', () => {
    const all = roles(FUNCTIONS, { ...PLACE, stage: 'prod' })
    for (const declared of FUNCTIONS) {
      const { destinations } = expandedFields(declared, FUNCTIONS, PLACE)
      assert.equal(destinations !== undefined, declared.schedule !== undefined, declared.name)
      const role = JSON.stringify(all[`${declared.name[0]?.toUpperCase()}${declared.name.slice(1)}Role`])
      assert.equal(
        /"sqs:SendMessage".*:sqs:.*:sluice-prod-missed-runs"/.test(role),
        destinations !== undefined,
      )
    }
  })

  it('given a local stage, then there is no queue for missed runs', () => {
    const place = thisMachine({}, '/project')
    const scheduled = readFunctions().filter(({ schedule }) => schedule)
    assert.ok(scheduled.length > 0)
    for (const declared of scheduled)
      assert.equal(expandedFields(declared, FUNCTIONS, place).destinations, undefined)
  })

  it('given the queue, then it is encrypted, keeps messages for two weeks, and takes none over plain HTTP', () => {
    const { MissedRuns, MissedRunsPolicy } = missedRunsResources('prod') as Record<
      string,
      { Properties: Record<string, unknown> }
    >
    assert.deepEqual(MissedRuns?.Properties, {
      QueueName: 'sluice-prod-missed-runs',
      KmsMasterKeyId: 'alias/aws/sqs',
      MessageRetentionPeriod: 1_209_600,
    })
    assert.match(JSON.stringify(MissedRunsPolicy), /"Deny".*"aws:SecureTransport":"false"/)
  })
})
