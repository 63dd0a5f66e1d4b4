import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pollerFields, pollerNotice, pollerUnits } from '../../../infra/pollers.ts'
import { declaredFunctions, readFunctions } from '../../../lib/app/functions.ts'
import { announceResponseType } from '../../../packages/msk-trigger/package/response-type.ts'

const FUNCTIONS = declaredFunctions({
  one: { consumes: 'readings', uses: ['redis'] },
  two: { consumes: ['readings', 'events'], uses: ['redis'], maximumPollers: 20 },
  three: { consumes: 'alerts', uses: ['redis'], maximumPollers: 1 },
  four: { foreignTopics: ['a', 'b'], uses: ['redis'] },
  waker: { schedule: 'rate(1 minute)' },
})
const [ONE, , THREE] = FUNCTIONS
assert.ok(ONE && THREE)
const PROVISIONED = { env: 'prod', pollers: 'provisioned' } as const
const ON_DEMAND = { env: 'dev', pollers: 'on-demand' } as const

describe('what polls for a consumer', () => {
  it('given provisioned pollers, then partial responses are read, and readings share a group of their own', () => {
    assert.deepEqual(pollerFields(ONE, PROVISIONED), {
      functionResponseType: 'ReportBatchItemFailures',
      provisionedPollerConfig: {
        minimumPollers: 1,
        maximumPollers: 4,
        pollerGroupName: 'sluice-prod-readings',
      },
    })
    assert.match(JSON.stringify(pollerFields(THREE, PROVISIONED)), /"pollerGroupName":"sluice-prod-others"/)
  })

  it('given no pollers, then no response is asked for, because it would not be read', () => {
    assert.deepEqual(pollerFields(ONE, ON_DEMAND), {})
  })

  for (const [place, told] of [
    [PROVISIONED, 'true'],
    [ON_DEMAND, undefined],
  ] as const)
    it(`given ${place.pollers} pollers, then the plugin of the trigger passes ${told ?? 'nothing'} to the function`, () => {
      const event = { msk: { topic: 't', ...pollerFields(ONE, place) } }
      const one: { events: object[]; environment?: Record<string, unknown> } = { events: [event] }
      const functions = { one } as unknown as Parameters<typeof announceResponseType>[0]
      announceResponseType(functions, { warning: assert.fail })
      assert.equal(one.environment?.REPORT_BATCH_ITEM_FAILURES, told)
    })
})

describe('what pollers cost', () => {
  it('given mappings of two groups, then each is counted by its pollers, and by those that it may get', () => {
    // readings: 4 + 12 and 3 of events; others: 1, and 4 for each topic that is not known.
    assert.deepEqual(pollerUnits(FUNCTIONS, 'prod'), { mappings: 6, groups: 2, least: 2, most: 5 + 3 })
  })

  it('given more mappings than a unit has pollers, then they need another', () => {
    const many = declaredFunctions(
      Object.fromEntries(
        Array.from({ length: 11 }, (_, at) => [`f${at}`, { consumes: 'alerts' as const, maximumPollers: 1 }]),
      ),
    )
    assert.deepEqual(pollerUnits(many, 'prod'), { mappings: 11, groups: 1, least: 2, most: 3 })
  })

  it('given the functions that ship, then one line has the cost, and the way to avoid it', () => {
    assert.match(
      pollerNotice(readFunctions(), PROVISIONED),
      /^Pollers: \d+ event source mappings in 2 groups need 3 event poller units while idle, \$405 a month, and at most \d+, \$[\d,]+ \(us-east-1: \$0\.185 an hour each\)\. To avoid these costs, .*\.$/,
    )
    assert.match(pollerNotice(readFunctions(), ON_DEMAND), /^Pollers: \d+ on-demand event source mappings /)
  })
})
