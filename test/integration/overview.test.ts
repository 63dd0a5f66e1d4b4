/** The overview of the console, on a real Kafka: what it looks for beside the flow. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { toOutgoingRecord } from '#runtime/cloudevents'
import type { Overview } from '../../console/api/overview/overview.ts'
import { chooseHeadline, describeState } from '../../console/page/overview/headline.ts'
import { auditEvent } from '../../control/operations/audit-event.ts'
import { ALL_QUESTIONS } from '../../control/questions/all.ts'
import type { QuestionAnswer } from '../../control/questions/question.ts'
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
        const unended = notices.filter(([about]) => about === 'operations')
        assert.ok(unended.every(([, says]) => says.includes('op-0')))
        return unended.length === 1
      })
    } finally {
      await fresh.close()
    }
  })

  /** Paths of the questions about results of consumers. */
  async function listFlowPaths(): Promise<readonly string[]> {
    const all = await Promise.all(
      Object.values(ALL_QUESTIONS).map(async ({ path, load }) => ({ path, question: await load() })),
    )
    const paths = all.flatMap(({ path, question }) => (question.ofFlow ? [path] : [])).sort()
    const lists = ['/alerts/list', '/alerts/pending', '/failures', '/failures/reasons', '/states']
    assert.deepEqual(paths, [...lists, '/telemetry/entities', '/telemetry/statistics'])
    return paths
  }

  it('given no records and no functions, then the lists are empty, and nothing is said to flow', async () => {
    const empty = await TestEnvironment.create()
    const own = await servedConsole({ env: empty.name })
    try {
      for (const path of await listFlowPaths()) {
        const { rows, notes } = await own.ask<QuestionAnswer<object>>(path)
        assert.deepEqual([rows, notes.filter(note => /read/.test(note))], [[], []], path)
      }
      await until('the groups without members are known', async () => {
        const overview = await own.ask<Overview>('/overview')
        assert.notEqual(chooseHeadline(overview).tone, 'good')
        return /functions do not run/.test(chooseHeadline(overview).text)
      })
    } finally {
      await own.close()
      await empty.close()
    }
  })

  it('given records that no consumer reads, then the overview and each empty list say so', async () => {
    const waiting = await TestEnvironment.create()
    const own = await servedConsole({ env: waiting.name })
    try {
      await waiting.client.sendUntilAcknowledged(waiting.topic('readings'), [{ key: 'k', value: '{}' }])
      // The records wait for each consumer since the end of its own batching window.
      for (const path of await listFlowPaths())
        await until(`${path} says what waits`, async () => {
          const { rows, notes } = await own.ask<QuestionAnswer<object>>(path)
          return (
            rows.length > 0 ||
            notes.some(note => note.startsWith('Nothing so far, but not everything has been read: '))
          )
        })
      await until('the overview knows since when', async () => {
        const { consumers } = await own.ask<Overview>('/overview')
        return !!consumers.value?.some(one => one.pending === 1 && (one.waitingMs ?? 0) >= 5_000)
      })
    } finally {
      await own.close()
      await waiting.close()
    }
  })

  // Promise docs/console.md#the-overview
  for (const [server, variables] of [
    ['kafka', { KAFKA_BROKERS: '127.0.0.1:1' }],
    ['redis', { REDIS_URL: 'redis://127.0.0.1:1' }],
  ] as const)
    it(`given a ${server} that does not answer, then nothing that it knows is shown as good`, async () => {
      const own = await servedConsole({ env: environment.name, variables })
      try {
        await until('the outage is known', async () => {
          const overview = await own.ask<Overview>('/overview')
          const { tone, text } = chooseHeadline(overview)
          assert.notEqual(tone, 'good')
          assert.doesNotMatch(text, /^(Nothing has stalled|Everything flows)\.$/)
          for (const { function: name } of overview.consumers.value ?? [])
            assert.equal(describeState({ function: name }, overview).tone === 'good', false, name)
          assert.equal(overview.firing.value, null)
          return overview.servers[server] !== null
        })
        for (const path of await listFlowPaths()) {
          const response = await own.request(path)
          const { rows, notes } = (await response.json()) as Partial<QuestionAnswer<object>>
          const claimsNothing =
            !response.ok ||
            (rows?.length ?? 0) > 0 ||
            notes?.some(note => /out of date|not everything|do(es)? not answer/.test(note))
          assert.ok(claimsNothing, `${path} ${response.status} ${JSON.stringify({ rows, notes })}`)
        }
      } finally {
        await own.close()
      }
    })
})
