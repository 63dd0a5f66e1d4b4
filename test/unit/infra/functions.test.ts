import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import {
  type DeclaredFunction,
  type FunctionKeys,
  isConsumer,
  listTriggerTopics,
  parseFunctions,
} from '../../../control/environment/functions.ts'
import { findEntryProblems } from '../../../infra/checks/function-entries.ts'
import { describeIdlePollers } from '../../../infra/checks/input-sources.ts'
import { expandFields, isDeployed } from '../../../infra/functions/expanded-fields.ts'
import { computeRetryFields } from '../../../infra/functions/schedule-retries.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { addTopicsResource, type Template } from '../../../infra/plugins/topics-resource.ts'
import { buildRoles, toRoleId } from '../../../infra/roles/roles.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const ENVIRONMENT = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
}
const INPUTS = ['factory.motion', 'slow.source']
const PLACE = { ...readAccount('prod', 'eu-west-1', ENVIRONMENT, '/project'), inputs: INPUTS, names: NAMES }

/** One of each kind, not those of this project: a new function must change nothing here. */
const ENTRIES: Readonly<Record<string, FunctionKeys>> = {
  waker: { schedule: 'rate(1 minute)', emits: ['readings'] },
  simulation: { schedule: { rate: 'cron(0 12 * * ? *)', if: 'generator' }, uses: ['parameter', 'registry'] },
  keeper: { schedule: 'rate(15 minutes)', uses: ['redis'] },
  'frost-watch': { consumes: 'readings', emits: ['events'], uses: ['redis', 'rules'] },
  both: { consumes: ['events', 'alerts'], uses: ['redis'], batchSize: 7, maximumBatchingWindow: 0 },
  mover: { schedule: 'rate(1 minute)', forwards: ['alerts'], emits: ['readings'], uses: ['redis'] },
  reader: { consumes: 'readings', uses: ['redis'] },
  stranger: { consumes: 'inputs', uses: ['redis', 'inputs'] },
  'own-source': { consumes: 'inputs', inputs: 'slow.source', uses: ['redis', 'inputs'] },
  chooser: { schedule: 'rate(1 minute)', uses: ['failure-policy'] },
  redriver: {
    schedule: 'rate(1 minute)',
    forwards: ['retry-1m', 'retry-1h'],
    emits: ['readings', 'dlq'],
    uses: ['redis'],
  },
  teller: { consumes: 'notifications', uses: ['redis', 'notifications', 'alerts-topic'] },
  caller: { consumes: 'notifications', uses: ['redis', 'notifications', 'receiver-secrets'] },
  router: { consumes: 'failures', emits: ['dlq'], uses: ['redis'], maximumPollers: 1 },
}
const DECLARED = parseFunctions(ENTRIES)

function expanded(name: string) {
  const declared = DECLARED.find(entry => entry.name === name)
  assert.ok(declared)
  return expandFields(declared, DECLARED, PLACE)
}

const getGroup = (signal: string) => `sluice-prod-${signal === 'readings' ? 'readings' : 'others'}`

const msk = (name: string, signal: string, differing: object = {}) => ({
  msk: {
    arn: CLUSTER,
    topic: `sluice.telemetry.${signal}.prod`,
    consumerGroupId: `sluice-${name}-prod`,
    startingPosition: 'TRIM_HORIZON',
    batchSize: 500,
    maximumBatchingWindow: 1,
    functionResponseType: 'ReportBatchItemFailures',
    provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 4, pollerGroupName: getGroup(signal) },
    ...differing,
  },
})

describe('the fields that the framework gets', () => {
  // Promise docs/consumers.md#4-the-entry | Event source, group and role follow from the entry.
  it('given a consumer, then it has an event source, a group and a role, and the files that it uses', () => {
    assert.deepEqual(expanded('frost-watch'), {
      role: 'FrostWatchRole',
      package: { patterns: ['config/rules/*.yaml', 'config/rules/*.yml'] },
      environment: { RULES_DIR: 'config/rules' },
      events: [msk('frost-watch', 'readings')],
    })
  })

  it('given several topics, and settings that differ, then each is an event source with them', () => {
    const differing = { batchSize: 7, maximumBatchingWindow: 0 }
    assert.deepEqual(expanded('both').events, [
      msk('both', 'events', { ...differing, consumerGroupId: 'sluice-both-events-prod' }),
      msk('both', 'alerts', { ...differing, consumerGroupId: 'sluice-both-alerts-prod' }),
    ])
    const provisionedPollerConfig = { minimumPollers: 1, maximumPollers: 1, pollerGroupName: getGroup('') }
    const pollers = { provisionedPollerConfig }
    assert.deepEqual(expanded('router').events, [msk('router', 'failures', pollers)])
  })

  // Promise docs/functions.md#concurrency | What a schedule calls runs alone.
  it('given a schedule, then it runs alone, and where its condition holds', () => {
    const schedule = (rate: string, enabled: boolean) => [{ schedule: { rate: [rate], enabled } }]
    assert.deepEqual(expanded('waker'), {
      role: 'WakerRole',
      reservedConcurrency: 1,
      ...{ maximumEventAge: 60, maximumRetryAttempts: 0 },
      events: schedule('rate(1 minute)', true),
    })
    assert.deepEqual(expanded('simulation').events, schedule('cron(0 12 * * ? *)', false))
    assert.deepEqual(expanded('keeper').events, schedule('rate(15 minutes)', true))
  })

  // Promise docs/functions.md#runs-that-failed | A failed run is tried again only as often as fits before the next.
  it('given a run that fails, then it is tried again only as often as fits before the next', () => {
    for (const [expression, age, attempts] of [
      ['rate(3 minutes)', 180, 1],
      ['rate(1 hour)', 3_600, 2],
      ['rate(1 day)', 21_600, 2],
      ['cron(0 12 * * ? *)', 3_600, 2],
    ] as const)
      assert.deepEqual(computeRetryFields(expression), {
        maximumEventAge: age,
        maximumRetryAttempts: attempts,
      })
  })

  // Promise docs/deployment.md#notifications | What sends notifications has their files, and the address of the topic.
  it("given a function that sends notifications, then it has their files, and the topic's name", () => {
    const file = { package: { patterns: ['config/notifications/*.yaml', 'config/notifications/*.yml'] } }
    const { events: _, ...caller } = expanded('caller')
    assert.deepEqual(caller, {
      role: 'CallerRole',
      ...file,
      environment: { NOTIFICATIONS_DIR: 'config/notifications' },
    })
    const { ALERTS_TOPIC_ARN } = expanded('teller').environment ?? {}
    assert.deepEqual(ALERTS_TOPIC_ARN, {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: these placeholders are CloudFormation's
      'Fn::Sub': 'arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:sluice-alerts-prod',
    })
  })

  it('given a function that routes failures, then it has their policy, and the names of all consumers', () => {
    const { package: packed, environment } = expanded('chooser')
    assert.deepEqual(packed, { patterns: ['config/failures/*.yaml', 'config/failures/*.yml'] })
    assert.deepEqual(environment, {
      FAILURES_DIR: 'config/failures',
      FAILURE_CONSUMERS: 'frost-watch,both,reader,intake,teller,caller,router',
    })
  })

  it('given inputs, then it has their files, a group for each topic, and pollers beside those of readings', () => {
    const { package: packed, environment, events } = expanded('stranger')
    assert.deepEqual(packed, {
      patterns: [
        'config/inputs.yaml',
        'config/inputs/*.json',
        'config/mappings/*.yaml',
        'config/mappings/*.yml',
      ],
    })
    assert.deepEqual(environment, { INPUTS_FILE: 'config/inputs.yaml', MAPPINGS_DIR: 'config/mappings' })
    const sources = events.map(event => (event as { msk: Readonly<Record<string, object>> }).msk)
    assert.deepEqual(
      sources.map(({ topic, consumerGroupId, provisionedPollerConfig }) => [
        topic,
        consumerGroupId,
        (provisionedPollerConfig as { pollerGroupName: string }).pollerGroupName,
      ]),
      [['factory.motion', 'sluice-stranger-factory.motion-prod', 'sluice-prod-inputs']],
    )
  })

  it('given an input that an entry names, then only that entry reads it, as the same consumer', () => {
    const [stranger, own] = ['stranger', 'own-source'].map(name =>
      DECLARED.find(entry => entry.name === name),
    )
    assert.ok(stranger && own)
    const topics = (declared: DeclaredFunction) =>
      listTriggerTopics(declared, PLACE, INPUTS).map(topic => [topic.topic, topic.function])
    assert.deepEqual(topics(stranger), [['factory.motion', 'intake']])
    assert.deepEqual(topics(own), [['slow.source', 'intake']])
    assert.ok(isDeployed(stranger, PLACE))
    assert.ok(!isDeployed(stranger, { ...PLACE, inputs: ['slow.source'] }))
    assert.ok(isDeployed(stranger, { ...PLACE, inputs: [], isOnThisMachine: true }), 'one can be added')
  })

  it('given consumers that emit to a topic, then its readers know them, and may read published failures', () => {
    const entries = {
      first: { consumes: 'readings', emits: 'view-rows', uses: ['redis'] },
      second: { consumes: ['view-rows', 'failures'], uses: ['redis'] },
      scheduled: { emits: 'view-rows', schedule: 'rate(1 minute)' },
    } as const
    const declared = parseFunctions(entries)
    const variables = (name: string) =>
      expandFields(declared.find(entry => entry.name === name) as DeclaredFunction, declared, PLACE)
        .environment
    assert.equal(variables('first')?.EMITTERS, undefined)
    const topic = (signal: Signal) => NAMES.topicName(signal, PLACE.env)
    const emitters = [`${topic('view-rows')}=first`, `${topic('failures')}=first`]
    assert.equal(variables('second')?.EMITTERS, emitters.join(','))
    const all = buildRoles(declared, { ...PLACE, stage: 'prod' })
    const [reading] =
      JSON.stringify(all.FirstRole).match(/DescribeTopic","kafka-cluster:ReadData"\],"Resource":\[[^\]]*/) ??
      []
    for (const signal of ['readings', 'failures', 'dlq'] as const)
      assert.ok(reading?.includes(topic(signal)), signal)
  })

  it('given a topic of others, then only its function may read it, and none may write into it', () => {
    const all = buildRoles(DECLARED, { ...PLACE, stage: 'prod' })
    const mayUse = (role: string, action: string) =>
      JSON.stringify(all[role]).includes('factory.motion') && JSON.stringify(all[role]).includes(action)
    assert.ok(mayUse('StrangerRole', 'kafka-cluster:ReadData'))
    for (const role of ['RedriverRole', 'BothRole', 'OwnSourceRole'])
      assert.ok(!mayUse(role, 'kafka-cluster:'))
    const [writing = ''] = JSON.stringify(all.StrangerRole).match(/WriteData"\],"Resource":\[[^\]]*/) ?? []
    assert.ok(writing !== '' && !writing.includes('factory.motion'))
    assert.deepEqual(DECLARED.find(({ name }) => name === 'stranger')?.writes, ['failures'])
  })

  it('given topics of others, then a deployment checks that they exist, and says what their pollers cost', () => {
    const functions = parseFunctions({ ...ENTRIES, topics: { uses: ['topics'] } })
    const template: Template = { Resources: { TopicsLambda: { Type: 'AWS::Lambda::Function' } } }
    addTopicsResource(template, { ...PLACE, functions, logicalId: () => 'TopicsLambda', packagedAtMs: 1 })
    const checked: { Inputs?: unknown } = template.Resources.SluiceTopics?.Properties ?? {}
    assert.deepEqual(checked.Inputs, INPUTS)
    const { TopicsRole } = buildRoles(functions, { ...PLACE, stage: 'prod' })
    assert.match(
      JSON.stringify(TopicsRole),
      /\["kafka-cluster:DescribeTopic"\],"Resource":\["[^"]*factory\.motion"/,
    )
    assert.equal(
      describeIdlePollers(functions, PLACE),
      'Inputs: 2 event sources keep at least 2 event pollers, about $135.05 a month while idle.',
    )
  })
})

describe('the roles', () => {
  it('given a secret of the schema registry, then consumers and who says so may read it', () => {
    const readers = Object.entries(
      buildRoles(DECLARED, { ...PLACE, stage: 'prod', registrySecret: 'apicurio/login' }),
    ).filter(([, made]) => JSON.stringify(made).includes(':secret:apicurio/login-??????'))
    const expected = DECLARED.filter(declared => declared.name === 'simulation' || isConsumer(declared))
    assert.deepEqual(
      readers.map(([id]) => id),
      expected.map(({ name }) => toRoleId(name)),
    )
    assert.ok(expected.length > 1)
  })

  it('given the functions that ship, then each that writes data as SERIALIZATION says can ask the registry', () => {
    const shipped = readFunctions()
    const writing = shipped.filter(({ name }) =>
      /\bgetDataWriter\b/.test(readFileSync(`functions/${name}/handler.ts`, 'utf8')),
    )
    assert.ok(writing.some(({ name }) => name === 'generator'))
    for (const declared of writing) {
      const { [toRoleId(declared.name)]: role } = buildRoles(shipped, {
        ...PLACE,
        stage: 'prod',
        registrySecret: 'apicurio/login',
      })
      assert.match(JSON.stringify(role), /:secret:apicurio\/login-\?{6}"/, declared.name)
    }
  })
})

describe('the list of functions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-functions-'))
  after(() => rmSync(folder, { recursive: true }))

  it('given another file, then it is read, with one word for a list of one, and the defaults filled in', () => {
    const file = join(folder, 'serverless.yml')
    writeFileSync(
      file,
      'functions:\n  a:\n    handler: x.y\n    consumes: events\n    emits: alerts\n    uses: redis\n',
    )
    assert.deepEqual(readFunctions(file), [
      {
        name: 'a',
        description: '',
        consumes: ['events'],
        forwards: [],
        emits: ['alerts'],
        writes: ['alerts', 'failures'],
        uses: ['redis'],
        reading: { batchSize: 500, maximumBatchingWindow: 1, maximumPollers: 4 },
      },
    ])
  })
})

it('given entries that cannot work, then one sentence names each, and none those that can', () => {
  const every = { schedule: 'rate(1 minute)' }
  const uses = ['redis']
  const entries: FunctionKeys[] = [
    { consumes: 'readings', uses },
    { consumes: 'readings' },
    { consumes: 'inputs', uses },
    { consumes: 'inputs', inputs: 'slow.source', uses },
    { consumes: 'inputs', inputs: 'slow.sorce', uses },
    { consumes: ['inputs', 'events'], uses },
    { consumes: 'events', inputs: 'slow.source', uses },
    { ...every, batchSize: 3 },
    { consumes: ['events', 'alerts'], uses },
    { ...every, forwards: 'retry-1m', uses },
    { ...every, forwards: 'retry-1m' },
    { forwards: 'retry-1m', uses },
    { ...every, forwards: 'retry-1m', consumes: 'events', uses },
  ]
  const lines = entries.map(
    entry =>
      `${JSON.stringify(entry)}\n  ${findEntryProblems({ one: entry }, INPUTS).join('|') || 'works'}\n`,
  )
  golden('infra-functions', lines.join(''))
})
