import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { captureLog, listMetrics } from '#runtime/test/support/function-log'
import { DEFERRED } from '#runtime/test/support/inside'
import { reportEverything } from '#runtime/test/support/observed'
import type { WatchedValue } from '../../../infra/alarms/alarm.ts'
import { ALARM_KINDS } from '../../../infra/alarms/alarm-kinds.ts'
import { buildAlarmResources, listAlarms } from '../../../infra/alarms/resources.ts'
import AlarmsPlugin from '../../../infra/plugins/alarms-plugin.ts'
import { SCHEDULED_METRICS } from '../../../lib/app/naming/metrics.ts'
import { deployed, SERVERLESS, TOPIC } from '../../support/alarms.ts'
import { listCodeWords } from '../../support/code-words.ts'

// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
type Properties = Record<string, any>

const named = (name: string, given = deployed()): Properties | undefined =>
  Object.values(buildAlarmResources(given))
    .map(resource => (resource as { Properties: Properties }).Properties)
    .find(({ AlarmName }) => AlarmName === `sluice-${given.stage}-${name}`)
const countKinds = (given = deployed()) => new Set(listAlarms(given).map(({ kind }) => kind))
const page = (name: string) => readFileSync(join(PROJECT, 'docs', name), 'utf8')

const NODES = deployed({ REDIS_URL: 'rediss://cache.example:6379' })
const LIMITED = deployed({
  ALARM_PUBLISH_MS: '100',
  ALARM_LAG_RECORDS: '10000',
  KAFKA_CAPACITY_IN: '20',
  KAFKA_CAPACITY_OUT: '60',
})
const EVERYWHERE = [deployed(), NODES, LIMITED].flatMap(listAlarms)

/** Metrics that an alarm looks at: names of their dimensions in order, and the reason, if it asks for one. */
function lookedAt(value: WatchedValue) {
  const metrics =
    'query' in value
      ? [{ ...value.query, dimensions: value.query.dimensions, reason: value.query.where.reason }]
      : ('metric' in value ? [value.metric] : Object.values(value.sums)).map(metric => ({
          ...metric,
          dimensions: Object.keys(metric.dimensions),
          reason: undefined,
        }))
  return metrics.map(({ dimensions, ...metric }) => ({
    ...metric,
    dimensions: [...dimensions].sort().join(),
  }))
}

const OWN = EVERYWHERE.flatMap(({ watched }) => lookedAt(watched.value)).filter(
  ({ namespace }) => namespace === 'Sluice',
)

/** Metrics of scheduled functions. */
const OTHERS = Object.keys(SCHEDULED_METRICS)
const LOG = await captureLog(reportEverything, { environment: 'prod' })
const WRITTEN = [...listMetrics(LOG)]

describe('the alarms of a deployment', () => {
  it('given a consumer of a topic with ticks, then silence is an alarm; of another topic, it says nothing', () => {
    assert.equal(named('lag-seconds-alerting')?.TreatMissingData, 'breaching')
    assert.equal(named('lag-seconds-grouping')?.TreatMissingData, 'ignore')
    const stopped = deployed({ SLUICE_SCHEDULES: 'off' })
    assert.equal(named('lag-seconds-alerting', stopped)?.TreatMissingData, 'ignore')
  })

  it('given schedules, then only those that run can be missed, five times their interval', () => {
    assert.equal(named('schedule-missed-clock')?.Metrics[1].MetricStat.Period, 300)
    assert.equal(named('schedule-missed-generator'), undefined)
    assert.ok(named('schedule-missed-generator', deployed({ SLUICE_GENERATOR: 'on' })))
    assert.ok(!countKinds(deployed({ SLUICE_SCHEDULES: 'off' })).has('schedule-missed'))
  })

  it('given MSK Serverless, then nothing is asked of brokers', () => {
    const kinds = countKinds(deployed({ MSK_CLUSTER_ARN: SERVERLESS }))
    for (const kind of ['under-replicated', 'kafka-disk']) {
      assert.ok(!kinds.has(kind), kind)
      assert.match(named(kind)?.Metrics[0].Expression, /^SELECT MAX.*"Broker ID".* WHERE "Cluster Name" = /)
    }
  })

  it('given a serverless cache, then it is watched; given another, then all nodes of the region', () => {
    assert.deepEqual(named('redis-memory-used')?.Dimensions, [{ Name: 'clusterId', Value: 'telemetry' }])
    assert.equal(named('redis-memory-used', deployed({ CACHE_GIGABYTES: '5' }))?.Threshold, 4_000_000_000)
    assert.equal(named('redis-memory-evicted')?.Threshold, 0)
    const { Threshold, Metrics } = named('redis-memory-used', NODES) ?? {}
    assert.equal(Threshold, 80)
    assert.equal(
      Metrics[0].Expression,
      'SELECT MAX("DatabaseMemoryUsagePercentage") FROM SCHEMA("AWS/ElastiCache", "CacheClusterId")',
    )
  })

  it('given no limit, then there is no alarm on it; given one of them, then this alarm is added, and no other', () => {
    const without = buildAlarmResources(deployed())
    for (const [limit, kind] of [
      ['ALARM_PUBLISH_MS', 'publish-slow'],
      ['ALARM_LAG_RECORDS', 'lag-records'],
      ['KAFKA_CAPACITY_IN', 'kafka-bytes'],
      ['KAFKA_CAPACITY_OUT', 'kafka-bytes'],
    ] as const) {
      assert.ok(!countKinds().has(kind), kind)
      const limited = deployed({ [limit]: '10' })
      const added = listAlarms(limited).filter(alarm => !(alarm.logicalId in without))
      assert.deepEqual(new Set(added.map(alarm => alarm.kind)), new Set([kind]), limit)
      assert.equal(listAlarms(limited).length, listAlarms(deployed()).length + added.length)
    }
  })

  it('given a limit of publishing, then it is one of the p99 of each function that emits', () => {
    const { Threshold, ExtendedStatistic, Statistic, MetricName } =
      named('publish-slow-alerting', LIMITED) ?? {}
    assert.deepEqual(
      [Threshold, ExtendedStatistic, Statistic, MetricName],
      [100, 'p99', undefined, 'publishMs'],
    )
    assert.ok(named('publish-slow-generator', LIMITED))
    for (const silent of ['storage', 'input-redrives'])
      assert.equal(named(`publish-slow-${silent}`, LIMITED), undefined, silent)
  })

  it('given the capacity of a broker, then four fifths of it are the limit of the busiest one', () => {
    for (const [direction, metric, threshold] of [
      ['in', 'BytesInPerSec', 16_000_000],
      ['out', 'BytesOutPerSec', 48_000_000],
    ] as const) {
      const { Threshold, Metrics } = named(`kafka-bytes-${direction}`, LIMITED) ?? {}
      assert.equal(Threshold, threshold)
      assert.equal(
        Metrics[0].Expression,
        `SELECT MAX("${metric}") FROM SCHEMA("AWS/Kafka", "Broker ID", "Cluster Name") WHERE "Cluster Name" = 'telemetry'`,
      )
    }
  })

  it('given a limit of records, then each consumer has an alarm for each of its topics, inputs included', () => {
    const given = { ...LIMITED, inputs: ['orders'] }
    const listDimensions = (name: string) =>
      named(`lag-records-${name}`, given)?.Dimensions.map(({ Value }: { Value: string }) => Value)
    assert.equal(named('lag-records-alerting-readings', LIMITED)?.Threshold, 10_000)
    assert.deepEqual(listDimensions('alerting-readings'), [
      'telemetry',
      'sluice-alerting-prod',
      'sluice.telemetry.readings.prod',
    ])
    assert.deepEqual(listDimensions('intake-orders'), ['telemetry', 'sluice-intake-orders-prod', 'orders'])
  })

  it('given a cause, then its alarm alone notifies, except during an outage of servers', () => {
    const resources = Object.entries(buildAlarmResources(deployed())) as [
      string,
      { Type: string; Properties: Properties },
    ][]
    const composites = resources.filter(([, { Type }]) => Type === 'AWS::CloudWatch::CompositeAlarm')
    const ringing = composites.filter(([, { Properties }]) => Properties.AlarmActions)
    for (const [, { Properties }] of ringing) assert.deepEqual(Properties.AlarmActions, [TOPIC])
    for (const { logicalId } of listAlarms(deployed()))
      assert.equal(
        ringing.filter(([, { Properties }]) => Properties.AlarmRule['Fn::Sub'].includes(`\${${logicalId}}`))
          .length,
        1,
        logicalId,
      )
    const outages = ['RedisAwayStoreUnavailable', 'KafkaAwayBrokerUnavailable', 'KafkaAwayLogUnreadable']
    assert.deepEqual(named('cause-servers')?.AlarmRule, {
      'Fn::Sub': outages.map(id => `ALARM("\${Alarm${id}}")`).join(' OR '),
    })
    assert.deepEqual(named('cause-progress')?.ActionsSuppressor, { 'Fn::GetAtt': ['CauseServers', 'Arn'] })
    assert.equal(named('cause-kafka')?.ActionsSuppressor, undefined)
    assert.equal(named('cause-kafka', deployed({ ALARM_TOPIC_ARN: '' }))?.AlarmActions, undefined)
  })

  it('given wrong settings, then each is refused by its name', () => {
    const { problems } = deployed({
      ...{ ALARM_TOPIC_ARN: 'alarms', SLUICE_ALARMS: 'yes', CACHE_GIGABYTES: '0' },
      ...{
        ALARM_PUBLISH_MS: '0',
        ALARM_LAG_RECORDS: 'many',
        KAFKA_CAPACITY_IN: '-1',
        KAFKA_CAPACITY_OUT: '1e3',
      },
    })
    const wrong = ['SLUICE_ALARMS', 'ALARM_TOPIC_ARN', 'CACHE_GIGABYTES']
    wrong.push('ALARM_PUBLISH_MS', 'ALARM_LAG_RECORDS', 'KAFKA_CAPACITY_IN', 'KAFKA_CAPACITY_OUT')
    assert.deepEqual(problems.map(problem => problem.split(':')[0]).sort(), wrong.sort())
    assert.deepEqual(deployed({ ALARM_TOPIC_ARN: TOPIC.replace('eu-west-1', 'us-east-1') }).problems, [
      'ALARM_TOPIC_ARN: must be a topic in eu-west-1, where the alarms are.',
    ])
  })
})

describe('the plugin of the alarms', () => {
  type Framework = ConstructorParameters<typeof AlarmsPlugin>[0]
  const alarm = (TreatMissingData: string) => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: { TreatMissingData },
  })
  const template: Framework['service']['provider']['compiledCloudFormationTemplate'] = {
    Resources: {
      Silent: { ...alarm('breaching'), DependsOn: 'SluiceTopics' },
      Quiet: alarm('notBreaching'),
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping' },
      Rule: { Type: 'AWS::Events::Rule' },
    },
  }

  /** Returns the resources of a project with a topic of its own, and the messages. */
  function added(deployment: object, stage: string, command = 'package') {
    const said: string[] = []
    const framework: Framework = {
      serviceDir: PROJECT,
      processedInput: { commands: command.split(' ') },
      configurationInput: {},
      service: {
        custom: { deployment: deployment as Framework['service']['custom']['deployment'] },
        provider: { compiledCloudFormationTemplate: template },
        resources: { Resources: { Own: { Type: 'AWS::SNS::Topic' } } },
      },
      getProvider: () => ({ getStage: () => stage }),
    }
    const { hooks } = new AlarmsPlugin(framework, undefined, {
      log: { notice: line => void said.push(line) },
    })
    for (const hook of Object.values(hooks)) hook()
    return { names: Object.keys(framework.service.resources?.Resources ?? {}), said }
  }

  // Promise docs/deployment.md#alarms | A stage has the alarms that its table says.
  it('given prod, then alarms are added to the resources', () => {
    const { names, said } = added(deployed(), 'prod')
    assert.equal(names[0], 'Own')
    assert.ok(names.length > 40 && names.slice(1).every(name => /^(Alarm|Cause)/.test(name)))
    assert.deepEqual(said, [])
  })

  it('given no topic, then a build says so; given dev or this machine, then there is no alarm', () => {
    const silent = deployed({ ALARM_TOPIC_ARN: '' })
    assert.match(added(silent, 'prod').said.join(), /^ALARM_TOPIC_ARN is not set/)
    assert.deepEqual(added(silent, 'prod', 'info').said, [])
    assert.deepEqual(added(deployed({}, 'dev'), 'dev').names, ['Own'])
    assert.deepEqual(added({ ...deployed(), alarms: undefined }, 'local').names, ['Own'])
  })

  it('given alarms for which no data is a fault, then they wait for all triggers, and no others do', () => {
    added(deployed(), 'prod')
    const waiting = Object.entries(template.Resources).flatMap(([id, { DependsOn }]) =>
      DependsOn ? [[id, DependsOn]] : [],
    )
    assert.deepEqual(waiting, [['Silent', ['SluiceTopics', 'Mapping', 'Rule']]])
  })
})

describe('the metrics of the alarms', () => {
  // Promise docs/observability.md#metrics
  it('given the metrics of functions, then each is that of an alarm, and each alarm finds its own', () => {
    const sort = (metrics: readonly string[]) => [...new Set(metrics)].toSorted()
    const watched = OWN.filter(({ name }) => !OTHERS.includes(name))
    assert.deepEqual(
      sort(watched.map(({ name, reason, dimensions }) => [name, reason ?? '', dimensions].join(' '))),
      sort(
        WRITTEN.flatMap(([key, metric]) => {
          const [name, reason = ''] = key.split(' ')
          return metric.dimensions.map(set => [name, reason, listMetricNames(set)].join(' '))
        }),
      ),
    )
    assert.ok(OWN.length > 40)
  })

  it('given no faults, then functions have at most 60 metrics, and docs/costs.md has their number and price', () => {
    const always = EVERYWHERE.flatMap(({ watched: { value } }) =>
      'metric' in value && value.metric.namespace === 'Sluice' ? [JSON.stringify(value.metric)] : [],
    )
    const { size } = new Set(always)
    assert.ok(size <= 60, `${size}`)
    const price = (0.3 * size).toFixed(2)
    assert.ok(
      page('costs.md').includes(`| metrics of the functions, at most ${size} | ${price} | ${price} |`),
      `${size}`,
    )
  })

  it('given the kinds of alarms, then at most 22 need no setting, and each is in some deployment', () => {
    assert.ok(new Set([deployed(), NODES].flatMap(given => [...countKinds(given)])).size <= 22)
    assert.deepEqual([...new Set(EVERYWHERE.map(({ kind }) => kind))].sort(), Object.keys(ALARM_KINDS).sort())
  })

  it('given docs/observability.md, then it has each count, duration and metric, with its alarms and no others', () => {
    const [, metrics = ''] = /^## Metrics$(.*?)^## /ms.exec(page('observability.md')) ?? []
    const rows = metrics.split('\n').filter(line => line.startsWith('- '))
    // Names precede the reasons, which are in brackets, and the meaning.
    const listNames = (row: string) =>
      [...(/^[^(:]*/.exec(row)?.[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    const { counts = {}, ...fields } = LOG.find(({ message }) => message === 'batch') ?? {}
    const counters = new Set(Object.keys(counts as object).map(key => key.split('/')[0]))
    const durations = Object.keys(fields).filter(field => /(Ms|Seconds)$/.test(field))
    assert.deepEqual(rows.flatMap(listNames).toSorted(), [...counters, ...durations, ...OTHERS].toSorted())
    for (const row of rows) {
      const alarms = EVERYWHERE.filter(({ watched }) =>
        lookedAt(watched.value).some(({ name }) => listNames(row).includes(name)),
      )
      const linked = [...row.matchAll(/\(runbook\.md#([a-z-]+)\)/g)].map(([, kind]) => kind)
      assert.deepEqual(new Set(linked), new Set(alarms.map(({ kind }) => kind)), row)
    }
  })
})

describe('docs/runbook.md', () => {
  const text = page('runbook.md')
  const [, ...sections] = text.split(/^## /m)
  const byHeading = new Map(sections.map(section => [section.split('\n')[0] as string, section]))
  /** Headings that belong to no alarm: how to begin, and the night's steps for more than one of them. */
  const OTHERS = new Set([
    'First steps',
    'All alarms',
    'Causes',
    'A way into the network',
    'Raise the limit of Redis',
    'Block a producer',
    'Which broker is lost',
    'A new address of the cache',
  ])

  // Promise docs/runbook.md#all-alarms | Every alarm has a section, and every section an alarm.
  it('given any kind of alarm, then it has a line, and a section: meaning, what to check, and what to do', () => {
    for (const kind of Object.keys(ALARM_KINDS)) {
      assert.ok(text.includes(`- [\`${kind}\`](#${kind}): `), kind)
      assert.match(byHeading.get(kind) ?? '', /^\S+\n\n[^*].+\n\n\*\*Check:\*\*.+\n\n\*\*Do:\*\* \S/s, kind)
    }
  })

  it('given any kind of alarm, then its line has the time, and says whether it fires without data', () => {
    for (const [kind, { periods = 1, breaching = periods, minutes = 1, missing }] of Object.entries(
      ALARM_KINDS,
    )) {
      const line = text.split('\n').find(row => row.startsWith(`- [\`${kind}\`]`)) ?? ''
      const unit = minutes === 1 ? 'm' : `×${minutes}m`
      const time = periods === 1 ? `${minutes}m` : `${breaching}/${periods}${unit}`
      // The time of a schedule is a number of its intervals.
      assert.match(
        line,
        kind === 'schedule-missed' ? / in five intervals/ : new RegExp(`, ${time}(,|$)`),
        kind,
      )
      assert.equal(line.includes('or without data'), missing === 'breaching', kind)
    }
  })

  it('given the reasons for which a partition waits, then each has what to do', () => {
    const items = byHeading.get('partition-waits')?.match(/^- .+?: /gm) ?? []
    const listed = items.flatMap(listCodeWords)
    assert.deepEqual(listed.toSorted(), Object.keys(DEFERRED).toSorted())
  })

  it('given a section, then it is of an alarm that there is', () => {
    const headings = [...byHeading.keys()].filter(heading => !OTHERS.has(heading))
    assert.deepEqual(headings.toSorted(), Object.keys(ALARM_KINDS).toSorted())
  })
})

function listMetricNames(set: string): string {
  return set
    .split(' ')
    .map(pair => pair.split('=')[0])
    .sort()
    .join()
}
