/** The overview of the console, on a real Kafka: what it looks for beside the flow. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '#local-servers/testing/until.ts'
import { toOutgoingRecord } from '#runtime/cloudevents'
import type { Overview } from '../../console/api/overview/overview.ts'
import { auditEvent } from '../../lib/operations/audit-event.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'

describe('an overview that is opened', () => {
  let environment: TestEnvironment
  let served: ServedConsole

  before(async () => {
    environment = await TestEnvironment.create()
    served = await servedConsole({ env: environment.name })
  })

  after(async () => {
    await served?.close()
    await environment?.close()
  })

  it('given a broker that does not say which transactions are open, then the flow is shown without them', async () => {
    const asked = Promise.withResolvers<never[]>()
    Object.assign(served.environment, { cluster: async () => ({ openTransactions: () => asked.promise }) })
    const { servers, standing } = await served.ask<Overview>('/overview')
    assert.deepEqual([servers, standing], [{ kafka: null, redis: null }, []])
    asked.resolve([])
  })

  it('given operations without an end, then those are listed that began more than a minute ago', async () => {
    const { connections } = served.environment
    const records = [120_000, 0].map((ageMs, index) => {
      const at = new Date(Date.now() - ageMs).toISOString()
      const common = { by: 'ada', startedAt: at, endedAt: at, filter: {}, counts: {} }
      const audit = { ...common, action: 'dlq drop', operation: `op-${index}`, outcome: 'begun' as const }
      return toOutgoingRecord(environment.topic('events'), 'ada', auditEvent(audit))
    })
    await connections.writing(async () => (await connections.publisher()).publish(records))
    const fresh = await servedConsole({ env: environment.name })
    try {
      await until('one is listed', async () => {
        const { notices } = await fresh.ask<Overview>('/overview')
        assert.ok(notices.every(([about, says]) => about === 'operations' && says.includes('op-0')))
        return notices.length === 1
      })
    } finally {
      await fresh.close()
    }
  })
})
