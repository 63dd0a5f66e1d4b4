import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFunctions } from '../../../control/environment/functions.ts'
import { buildPollerFields } from '../../../infra/functions/pollers.ts'

const FUNCTIONS = parseFunctions({
  one: { consumes: 'readings', uses: ['redis'] },
  two: { consumes: ['readings', 'events'], uses: ['redis'], maximumPollers: 20 },
  three: { consumes: 'alerts', uses: ['redis'], maximumPollers: 1 },
  four: { consumes: 'inputs', uses: ['redis'] },
  waker: { schedule: 'rate(1 minute)' },
})
const [ONE, , THREE] = FUNCTIONS
assert.ok(ONE && THREE)
const PROVISIONED = { env: 'prod', pollers: 'provisioned' } as const
const ON_DEMAND = { env: 'dev', pollers: 'on-demand' } as const

describe('what polls for a consumer', () => {
  // Promise docs/functions.md#pollers | The stage decides about pollers.
  it('given provisioned pollers, then partial responses are read, and readings share a group of their own', () => {
    assert.deepEqual(buildPollerFields(ONE, PROVISIONED), {
      functionResponseType: 'ReportBatchItemFailures',
      provisionedPollerConfig: {
        minimumPollers: 1,
        maximumPollers: 4,
        pollerGroupName: 'sluice-prod-readings',
      },
    })
    assert.match(
      JSON.stringify(buildPollerFields(THREE, PROVISIONED)),
      /"pollerGroupName":"sluice-prod-others"/,
    )
  })

  it('given no pollers, then no response is asked for, because it would not be read', () => {
    assert.deepEqual(buildPollerFields(ONE, ON_DEMAND), {})
  })
})
