import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { account } from '../../../infra/account.ts'
import { alarmResources } from '../../../infra/alarms/resources.ts'
import { expandedFields, functionProblems } from '../../../infra/expand-functions.ts'
import { roles } from '../../../infra/roles.ts'
import { type DeclaredFunction, declaredFunctions, readFunctions } from '../../../lib/app/functions.ts'
import { NAMES, readSettings } from '../../../lib/app/settings/index.ts'
import { useNames } from '../../../lib/app/topics.ts'
import { deployed } from '../../support/alarms.ts'

const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const PLACE = account(
  'prod',
  'eu-west-1',
  {
    MSK_CLUSTER_ARN: CLUSTER,
    REDIS_URL: 'rediss://cache.example:6379',
    SUBNET_IDS: 'subnet-1',
    SECURITY_GROUP_IDS: 'sg-1',
  },
  '/project',
)

function named(environment: Readonly<Record<string, string>>): void {
  useNames(readSettings([NAMES], environment).names)
}

describe('a deployment with sub-signals', () => {
  let functions: readonly DeclaredFunction[]
  before(() => {
    named({ EXTRA_SIGNALS: 'logs.application,readings.postgresql=/database/postgresql' })
    functions = readFunctions()
  })
  after(() => named({}))

  const functionNamed = (name: string) => functions.find(one => one.name === name) as DeclaredFunction

  it('gives each consumer of readings an event source for each topic, in a group of its own', () => {
    const { events } = expandedFields(functionNamed('alerting'), functions, PLACE)
    assert.deepEqual(
      (events as { msk: { topic: string; consumerGroupId: string } }[]).map(({ msk }) => [
        msk.topic,
        msk.consumerGroupId,
      ]),
      [
        ['sluice.telemetry.readings.prod', 'sluice-alerting-prod'],
        ['sluice.telemetry.readings.postgresql.prod', 'sluice-alerting-postgresql-prod'],
        ['sluice.telemetry.view-changes.prod', 'sluice-alerting-view-changes-prod'],
      ],
    )
  })

  it('allows each function what it reads and writes there, and nothing to others', () => {
    const all = roles(functions, { ...PLACE, stage: 'prod' }) as Readonly<Record<string, object>>
    const text = (name: string) => JSON.stringify(all[name])
    for (const role of ['AlertingRole', 'ProcessorRole', 'ActivityRole']) {
      assert.match(
        text(role),
        /topic\/my-cluster\/[^"]*\/sluice\.telemetry\.readings\.postgresql\.prod/,
        role,
      )
      assert.match(text(role), /group\/my-cluster\/[^"]*\/sluice-[a-z]+-postgresql-prod/, role)
    }
    for (const role of ['GeneratorRole', 'ClockRole', 'RedriverRole'])
      assert.match(text(role), /sluice\.telemetry\.readings\.postgresql\.prod/, role)
    assert.doesNotMatch(text('DeliverRole'), /postgresql/)
  })

  it('names alarms as CloudFormation takes them', () => {
    const names = Object.keys(alarmResources(deployed()))
    assert.ok(names.length > 0 && names.every(name => /^[A-Za-z0-9]+$/.test(name)), names.join(', '))
  })

  it('takes a function that reads one sub-signal, and refuses one that this deployment lacks', () => {
    const problemsOf = (consumes: 'logs.application' | 'traces' | 'readings.mysql') =>
      functionProblems({ one: { consumes, uses: ['redis'] } })
    assert.deepEqual(problemsOf('logs.application'), [])
    for (const missing of ['traces', 'readings.mysql'] as const)
      assert.match(
        problemsOf(missing).join(),
        new RegExp(`no topic ${missing} here\\. The setting EXTRA_SIGNALS`),
      )
    assert.equal(declaredFunctions({ one: { consumes: 'logs' } })[0]?.consumes[0], 'logs.application')
  })
})
