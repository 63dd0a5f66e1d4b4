import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DeploymentPorts, fulfillRequest } from '../../../lib/deployment/fulfil.ts'
import { runPatiently } from '../../../lib/deployment/patience.ts'
import type { ResourceRequest } from '../../../lib/deployment/request.ts'
import type { TopicPlan } from '../../../lib/topics/plan.ts'

const NOTHING: TopicPlan = { creations: [], changes: [], refused: [] }
const CREATION = { topic: 'sluice.telemetry.readings.prod', partitions: 12, replicationFactor: 3 }
const CHANGE = { topic: 'sluice.telemetry.dlq.prod', setting: 'retention.ms', found: '1', wanted: '2' }
const REFUSED = {
  topic: 'sluice.telemetry.alerts.prod',
  setting: 'retention.ms',
  found: '2',
  wanted: '1',
  because: 'records older than the new retention would be lost',
}

function requested(more: Partial<ResourceRequest> = {}): ResourceRequest {
  return {
    RequestType: 'Create',
    RequestId: 'r1',
    StackId: 's1',
    LogicalResourceId: 'SluiceTopics',
    ResponseURL: 'https://bucket.example/answer',
    ResourceProperties: { Environment: 'prod', PackagedAt: '200', Readers: { readings: ['alerting'] } },
    ...more,
  }
}
const UPDATE = requested({ RequestType: 'Update', OldResourceProperties: { PackagedAt: '100' } })
const ROLLBACK = requested({ RequestType: 'Update', OldResourceProperties: { PackagedAt: '300' } })

/** Runs a request, and keeps what was done in its order. */
async function done(
  request: ResourceRequest,
  plan: TopicPlan,
  ports: Partial<DeploymentPorts> = {},
): Promise<{ outcome: Awaited<ReturnType<typeof fulfillRequest>>; steps: string[]; told: string[] }> {
  const steps: string[] = []
  const told: string[] = []
  const tell = (level: string) => (message: string, details: object) => {
    told.push(`${level}: ${message} ${JSON.stringify(details)}`)
  }
  const outcome = await fulfillRequest(
    request,
    {
      plan: async () => {
        steps.push('plan')
        return { plan, settings: new Map() }
      },
      apply: async (_, applying) => {
        steps.push('apply')
        applying.created.push(...plan.creations.map(({ topic }) => topic))
        applying.changed.push(...plan.changes)
      },
      ensureSettings: async () => {
        steps.push('settings')
        return ['sluice/prod/redis']
      },
      findMissing: async () => ({ topics: [], mayBeHidden: true }),
      runPatiently: work => work(),
      ...ports,
    },
    { info: tell('info'), warn: tell('warn'), error: tell('error') },
  )
  return { outcome, steps, told }
}

describe('given a plan that loses nothing, when the resource is created or updated', () => {
  for (const request of [requested(), UPDATE])
    it(`then ${request.RequestType} creates settings and topics, and says so`, async () => {
      const { outcome, steps, told } = await done(request, {
        ...NOTHING,
        creations: [CREATION],
        changes: [CHANGE],
      })
      assert.deepEqual([outcome, steps], [{ status: 'SUCCESS' }, ['plan', 'settings', 'apply']])
      assert.match(told.join(), /^info: done .*readings\.prod.*dlq\.prod.*sluice\/prod\/redis/)
    })
})

describe('given a change that would lose records', () => {
  // Promise docs/deployment.md#topics | A deployment brings topics to what the table says, and loses no record.
  it('then nothing at all is changed, and the answer names the topic, the reason and what to do', async () => {
    const { outcome, steps } = await done(UPDATE, { ...NOTHING, creations: [CREATION], refused: [REFUSED] })
    assert.deepEqual(steps, ['plan'])
    assert.deepEqual(outcome, {
      status: 'FAILED',
      reason:
        'No topic was changed because of a refused change. sluice.telemetry.alerts.prod: retention.ms 2 → 1: records ' +
        'older than the new retention would be lost. Revert the change of lib/app/naming/topic-table.ts; or, if the loss is intended, make it manually, for example with ' +
        'kafka-configs.sh; then deploy again.',
    })
  })

  it('then an older deployment that comes back keeps it, and does the rest', async () => {
    const plan = { ...NOTHING, creations: [CREATION], refused: [REFUSED] }
    const { outcome, steps, told } = await done(ROLLBACK, plan)
    assert.deepEqual([outcome, steps], [{ status: 'SUCCESS' }, ['plan', 'settings', 'apply']])
    assert.match(
      told[0] ?? '',
      /^warn: an older deployment is being restored: the refused changes .*alerts\.prod/,
    )
  })
})

describe('given topics that would get other names', () => {
  const renaming = (request: ResourceRequest): ResourceRequest => ({
    ...request,
    ResourceProperties: { ...request.ResourceProperties, Names: { readings: 'gds.metrics', dlq: 'gds.dlq' } },
    OldResourceProperties: {
      ...request.OldResourceProperties,
      Names: { readings: 'sluice.readings', dlq: 'gds.dlq', alerts: 'gone' },
    },
  })

  it('then nothing is looked at or changed, and the answer says which, why, and how to move', async () => {
    const { outcome, steps } = await done(renaming(UPDATE), { ...NOTHING, creations: [CREATION] })
    assert.deepEqual(steps, [])
    assert.ok(outcome.status === 'FAILED')
    assert.match(outcome.reason, /would change: readings: sluice\.readings → gds\.metrics\. States/)
    assert.match(outcome.reason, /TOPIC_NAMES.*as another stage/)
  })

  it('then an older deployment that comes back gets its names back', async () => {
    const { outcome, steps } = await done(renaming(ROLLBACK), NOTHING)
    assert.deepEqual([outcome, steps], [{ status: 'SUCCESS' }, ['plan', 'settings', 'apply']])
  })
})

describe('given a stack that is deleted', () => {
  it('then topics and settings stay, and neither Kafka nor AWS is asked', async () => {
    const { outcome, steps, told } = await done(requested({ RequestType: 'Delete' }), NOTHING)
    assert.deepEqual([outcome, steps], [{ status: 'SUCCESS' }, []])
    assert.match(told.join(), /they are kept/)
  })
})

describe('given that something goes wrong', () => {
  const failing: Partial<DeploymentPorts> = {
    apply: async (_, applying) => {
      applying.created.push(CREATION.topic)
      throw new Error('Kafka does not answer')
    },
  }

  it('then the answer says what, and what had been done before', async () => {
    const { outcome, told } = await done(UPDATE, NOTHING, failing)
    assert.deepEqual(outcome, {
      status: 'FAILED',
      reason: `Kafka does not answer. These were created or changed before: ${CREATION.topic}.`,
    })
    assert.match(told.join(), /^error: the topics are not as the table says/)
  })

  it('then it does not prevent the return of an older deployment, but it is logged', async () => {
    const { outcome, told } = await done(ROLLBACK, NOTHING, failing)
    assert.deepEqual(outcome, { status: 'SUCCESS' })
    assert.match(told.join(), /^error: .*Kafka does not answer/)
  })

  it('then a request without readers is a failure, not a crash', async () => {
    const { outcome } = await done(requested({ ResourceProperties: {} }), NOTHING)
    assert.deepEqual(outcome, {
      status: 'FAILED',
      reason: 'the properties of the resource have no Readers.',
    })
  })
})

describe('given inputs, when the resource is updated', () => {
  const properties = { ...requested().ResourceProperties, Inputs: ['orders', 'visits'] }
  const findMissing = async (inputs: readonly string[]) => ({
    topics: inputs.filter(topic => topic === 'visits'),
    mayBeHidden: false,
  })

  it('then a topic that does not exist fails the deployment by name, before anything changes', async () => {
    const request = { ...UPDATE, ResourceProperties: properties }
    const { outcome, steps } = await done(request, { ...NOTHING, creations: [CREATION] }, { findMissing })
    assert.equal(outcome.status, 'FAILED')
    assert.match('reason' in outcome ? outcome.reason : '', /lists a topic that does not exist: visits\./)
    assert.deepEqual(steps, [])
  })

  it('then topics that a new permission may hide are looked for for a minute, until they are listed', async context => {
    let nowMs = 0
    context.mock.method(performance, 'now', () => nowMs)
    const request = { ...UPDATE, ResourceProperties: properties }
    const look = (listedAtMs: number) =>
      done(request, NOTHING, {
        findMissing: async () => ({ topics: nowMs < listedAtMs ? ['visits'] : [], mayBeHidden: true }),
        runPatiently: work =>
          runPatiently(work, new AbortController().signal, undefined, async ms => {
            nowMs += ms
          }),
      })
    assert.equal((await look(55_000)).outcome.status, 'SUCCESS')
    nowMs = 0
    const { outcome, steps } = await look(Number.POSITIVE_INFINITY)
    assert.match('reason' in outcome ? outcome.reason : '', /lists a topic that does not exist: visits\./)
    assert.deepEqual([nowMs, steps], [60_000, []])
  })

  it('then a rollback does not need it', async () => {
    const request = { ...ROLLBACK, ResourceProperties: { ...properties, PackagedAt: '200' } }
    const { outcome } = await done(request, NOTHING, { findMissing })
    assert.equal(outcome.status, 'SUCCESS')
  })
})
