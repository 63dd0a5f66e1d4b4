import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { environmentReading, kafkaEvent, logRecord, TOPIC } from '#runtime/test/support/records'
import { SpanCollector } from '#runtime/test/support/spans'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { isConsumer } from '../../control/environment/functions.ts'
import { STAGES } from '../../infra/place/stages.ts'
import { readFiles } from '../support/zip.ts'
import { assertAlarms, assertFits } from './alarms.ts'
import { assertLoads, assertSize, BUDGETS } from './budgets.ts'
import { type Bundle, type Files, readBundle, unpacked } from './bundles.ts'
import { CLUSTER } from './cluster.ts'
import { assertTopicsResource } from './topics.ts'

/** A fictitious account. */
const ACCOUNT = {
  MSK_CLUSTER_ARN: CLUSTER,
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1,subnet-2',
  SECURITY_GROUP_IDS: 'sg-1',
  HISTORY_BUCKET: 'sluice-history',
  STORAGE_URL: 'postgres://sluice@db.example/sluice',
  STORAGE_SECRET: 'sluice/prod/storage',
  INPUTS_FILE: 'test/package/inputs.yaml',
  AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-instrument',
  OTEL_TRACES_SAMPLER: 'always_on',
}

/** Settings of a function that reaches no server, and ends after an invocation. */
const NOWHERE = {
  SLUICE_ENV: 'test',
  IS_LOCAL: 'true',
  KAFKA_BROKERS: '127.0.0.1:1',
  REDIS_URL: 'redis://127.0.0.1:1',
  REPORT_BATCH_ITEM_FAILURES: 'true',
}

const FUNCTIONS = readFunctions()
const NAMES = FUNCTIONS.map(({ name }) => name).sort()

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is what it is
  readonly Properties: any
}

describe('serverless package', () => {
  let folder: string
  let resources: Resource[]
  let template: string
  const begunAtMs = Date.now()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-package-'))
    const { code, output } = await runProgram(
      'serverless',
      ['package', '--stage', 'prod', '--region', 'eu-west-1', '--package', folder],
      { env: ACCOUNT },
    )
    assert.equal(code, 0, output)
    assert.doesNotMatch(output, /warning/i)
    template = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
    resources = Object.values(JSON.parse(template).Resources)
  })

  after(() => rm(folder, { recursive: true, force: true }))

  const mappings = readdirSync(join(PROJECT, 'config/mappings'))
    .filter(file => file.endsWith('.yaml'))
    .map(file => `config/mappings/${file}`)

  const bundles = new Map<string, Promise<{ files: Files; bundle: Bundle }>>()
  /** Contents of a function's zip, read once for all tests. */
  const packaged = (name: string) => {
    const read = async () => {
      const files = await readFiles(join(folder, `${name}.zip`))
      return { files, bundle: await readBundle(files, `functions/${name}/handler.js`) }
    }
    const known = bundles.get(name) ?? read()
    bundles.set(name, known)
    return known
  }

  const ofType = (type: string) =>
    resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties)

  it('knows every function of the folder', async () => {
    const folders = await readdir(join(PROJECT, 'functions'), { withFileTypes: true })
    assert.deepEqual(
      folders
        .filter(entry => entry.isDirectory())
        .map(({ name }) => name)
        .sort(),
      NAMES,
    )
    const names = ofType('AWS::Lambda::Function').map(({ FunctionName }) => FunctionName)
    assert.deepEqual(
      names.sort(),
      NAMES.map(name => `sluice-prod-${name}`),
    )
  })

  for (const { name, consumes, uses } of FUNCTIONS) {
    it(`puts ${name} into a zip of its own: minified ES modules, without the AWS SDK`, async () => {
      const { files, bundle } = await packaged(name)
      const { all, foreign } = bundle
      const own = [
        ...(uses.includes('rules') ? ['config/rules/database.yaml', 'config/rules/weather.yaml'] : []),
        ...(uses.includes('notifications')
          ? ['config/notifications/receivers.yaml', 'config/notifications/routes.yaml']
          : []),
        ...(uses.includes('failure-policy') ? ['config/failures/policy.yaml'] : []),
        ...(uses.includes('views') ? ['config/views/plan.json'] : []),
        ...(uses.includes('inputs') ? [ACCOUNT.INPUTS_FILE, ...mappings] : []),
      ]
      assert.deepEqual([...files.keys()].sort(), [...all, 'functions/package.json', ...own].sort())
      assert.equal(JSON.parse(String(files.get('functions/package.json'))).type, 'module')
      const code = String(files.get(`functions/${name}/handler.js`))
      const long = code.split('\n').filter(line => line.length > 500)
      // The rest are scripts of Redis and schemas, which stay as they were written.
      assert.ok(long.join('').length > code.length / 2, 'minified code has long lines')
      assert.deepEqual(
        foreign.filter(module => !/^(@(aws-sdk|smithy)\/|node:)/.test(module)),
        [],
      )
      assert.doesNotMatch(code, /amz-sdk-invocation-id/)
      assert.doesNotMatch(code, /duckdb/i, 'only the command line asks in SQL')
      assert.deepEqual(
        [...files.keys()].filter(file => /duckdb|\.node$/i.test(file)),
        [],
      )
    })

    it(`has ${name} read the clients of Kafka and Redis on demand, and carry none that it never needs`, async () => {
      const { files, bundle } = await packaged(name)
      const { all, atStart } = bundle
      const holding = (text: string) => all.filter(file => files.get(file)?.includes(text))
      const kafka = holding('KafkaJSConnectionError')
      const redis = holding('MaxRetriesPerRequestError')
      assert.deepEqual([kafka.length > 0, redis.length], [true, uses.includes('redis') ? 1 : 0])
      assert.deepEqual(holding('group_join'), [], 'no function reads as a consumer of the library')
      // COMPRESSION may name any codec; only batches from 8 KiB on need one.
      const codecs = [...holding('lz4Compress'), ...holding('snappyCompress')]
      assert.ok(codecs.length > 0)
      assert.deepEqual(
        atStart.filter(file => [...kafka, ...redis, ...codecs].includes(file)),
        [],
      )
    })

    it(`has ${name} read the client of S3 when it needs an object, and not before`, async () => {
      const { files, bundle } = await packaged(name)
      const { all, atStart } = bundle
      const holding = all.filter(file => files.get(file)?.includes('@aws-sdk/client-s3'))
      assert.deepEqual(holding.length, uses.some(use => use.startsWith('history')) ? 1 : 0)
      assert.deepEqual(
        atStart.filter(file => holding.includes(file)),
        [],
      )
    })

    if (consumes.length > 0)
      it(`has ${name} take its version from the file that names all others by their content`, async () => {
        const { files, bundle } = await packaged(name)
        const { all } = bundle
        const [handler, ...others] = all
        const readsItself = all.filter(file => files.get(file)?.includes('new URL(import.meta.url)'))
        assert.deepEqual(readsItself, [handler])
        for (const file of others) assert.match(file, /-[0-9A-Z]{8}\.js$/)
      })

    it(`keeps ${name} within its budget: of code, of what it reads at start, of time to load`, async () => {
      const { files, bundle } = await packaged(name)
      assertSize(name, files, bundle)
      await assertLoads(name, files)
    })

    it(`gives ${name} a role of its own`, () => {
      const lambda = ofType('AWS::Lambda::Function').find(
        ({ FunctionName }) => FunctionName === `sluice-prod-${name}`,
      )
      const [roleId] = lambda.Role['Fn::GetAtt']
      assert.equal(roleId.toLowerCase(), `${name.replaceAll('-', '')}role`)
      const policies = ofType('AWS::IAM::Role').flatMap(({ Policies }) => Policies)
      assert.equal(policies.filter(({ PolicyName }) => PolicyName === name).length, 1)
    })
  }

  it('has budgets for functions that there are, and for no others', () => {
    const names = FUNCTIONS.map(({ name }) => name)
    assert.deepEqual(
      Object.keys(BUDGETS).filter(name => !names.includes(name)),
      [],
    )
    assert.ok(Object.keys(BUDGETS).length > 10)
  })

  // Promise docs/functions.md#logs | Logs are kept as long as the stage says, and no function can make a group.
  it('keeps every log as long as the stage says, and limits the retries of each schedule', () => {
    const logs = ofType('AWS::Logs::LogGroup').map(({ RetentionInDays }) => RetentionInDays)
    assert.ok(logs.length >= NAMES.length)
    assert.deepEqual(new Set(logs), new Set([STAGES.prod.logRetentionDays]))
    const told = ofType('AWS::Lambda::EventInvokeConfig').map(({ FunctionName }) => FunctionName.Ref)
    const scheduled = FUNCTIONS.filter(({ schedule }) => schedule)
    assert.equal(new Set(told).size, scheduled.length)
    assert.equal(ofType('AWS::SQS::Queue').length, 0)
    for (const { TracingConfig } of ofType('AWS::Lambda::Function')) assert.equal(TracingConfig, undefined)
  })

  it('hands the variables for the SDK of OpenTelemetry on to the functions', () => {
    for (const { Environment } of ofType('AWS::Lambda::Function').filter(({ Environment }) => Environment)) {
      const { AWS_LAMBDA_EXEC_WRAPPER, OTEL_TRACES_SAMPLER, NODE_OPTIONS } = Environment.Variables
      const handedOn = { AWS_LAMBDA_EXEC_WRAPPER, OTEL_TRACES_SAMPLER, NODE_OPTIONS }
      assert.deepEqual(handedOn, {
        AWS_LAMBDA_EXEC_WRAPPER: ACCOUNT.AWS_LAMBDA_EXEC_WRAPPER,
        OTEL_TRACES_SAMPLER: ACCOUNT.OTEL_TRACES_SAMPLER,
        NODE_OPTIONS: undefined,
      })
    }
  })

  it('has a function report spans to the provider of its program, and send them before it responds', async t => {
    const { env } = process
    const spans = new SpanCollector()
    t.after(async () => {
      process.env = env
      await spans.stop()
    })
    process.env = { ...env, ...NOWHERE }
    const { files } = await packaged('processor')
    await unpacked(files, async place => {
      const { handler } = await import(pathToFileURL(place('functions/processor/handler.js')).href)
      const batch = kafkaEvent([logRecord(0, environmentReading('a'))])
      const { batchItemFailures } = await handler(batch, { getRemainingTimeInMillis: () => 60_000 })
      assert.equal(batchItemFailures.length, 1)
    })
    const [batch] = spans.sent.filter(({ name }) => name === `process ${TOPIC}`)
    assert.equal(batch?.attributes['error.type'], 'store-unavailable')
  })

  // Promise docs/deployment.md#the-console | The console is not deployed, and its former variable names the command that serves it.
  it('makes no console, which runs with the rights of a person', () => {
    assert.doesNotMatch(template, /Console|ApiGateway/)
  })

  it('has everything wait for the topics, which a custom resource makes', () => {
    assertTopicsResource(JSON.parse(template), begunAtMs)
  })

  it('has alarms for every function, and fits into what CloudFormation takes', () => {
    assertAlarms(ofType, ACCOUNT)
    assertFits(template)
  })

  it('makes an event source mapping for each consumer, whose answer is read', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping').map(mapping => ({
      topic: mapping.Topics,
      group: mapping.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId,
      responses: mapping.FunctionResponseTypes,
      pollers: mapping.ProvisionedPollerConfig.PollerGroupName,
      cluster: mapping.EventSourceArn,
      from: mapping.StartingPosition,
    }))
    // The group of alerting for readings is older than its second topic.
    const hasOwn = (name: string, signal: string) => `${name} ${signal}` !== 'alerting readings'
    const expected = FUNCTIONS.flatMap(({ name, consumes }) =>
      consumes.map(signal => {
        const group = consumes.length > 1 && hasOwn(name, signal) ? `${name}-${signal}` : name
        return createMapping(group, signal, consumes.includes('readings'))
      }),
    )
    assert.ok(expected.length > 0)
    for (const topic of ['orders', 'sensor-data'])
      expected.push({
        ...createMapping(`intake-${topic}`, '', false),
        topic: [topic],
        pollers: 'sluice-prod-inputs',
      })
    const byGroup = (a: { group: string }, b: { group: string }) => a.group.localeCompare(b.group)
    assert.deepEqual(mappings.sort(byGroup), expected.sort(byGroup))
    for (const { FunctionName, Environment } of ofType('AWS::Lambda::Function')) {
      const declared = FUNCTIONS.find(({ name }) => FunctionName === `sluice-prod-${name}`)
      const isAnswered = declared && isConsumer(declared)
      assert.equal(Environment.Variables.REPORT_BATCH_ITEM_FAILURES, isAnswered ? 'true' : undefined)
    }
  })

  it('gives up, filters and translates nothing on the way: every offset must reach its consumer as it is', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping')
    assert.ok(mappings.length > 0)
    for (const mapping of mappings) {
      for (const property of ['FilterCriteria', 'DestinationConfig', 'BisectBatchOnFunctionError'])
        assert.equal(mapping[property], undefined, property)
      // Retries and age: left out, they have no limit.
      for (const property of ['MaximumRetryAttempts', 'MaximumRecordAgeInSeconds'])
        assert.equal(mapping[property] ?? -1, -1, property)
      assert.equal(mapping.AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig, undefined)
    }
  })

  it('fires each scheduled function as its entry says, and the generator only where it is asked for', () => {
    const rules = ofType('AWS::Events::Rule').map(({ Targets, ScheduleExpression, State }) => [
      Targets[0].Id,
      ScheduleExpression,
      State,
    ])
    const expected = FUNCTIONS.flatMap(({ name, schedule }) =>
      schedule
        ? [[`${name}Schedule`, schedule.expression, name === 'generator' ? 'DISABLED' : 'ENABLED']]
        : [],
    )
    assert.ok(expected.length > 0)
    assert.deepEqual(rules.sort(), expected.sort())
  })
})

function createMapping(name: string, signal: string, readsReadings: boolean) {
  return {
    topic: [`sluice.telemetry.${signal}.prod`],
    group: `sluice-${name}-prod`,
    responses: ['ReportBatchItemFailures'],
    pollers: `sluice-prod-${readsReadings ? 'readings' : 'others'}`,
    cluster: CLUSTER,
    from: 'TRIM_HORIZON',
  }
}
