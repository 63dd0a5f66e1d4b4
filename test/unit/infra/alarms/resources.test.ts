import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_CACHE_NODES } from '../../../../infra/alarms/cache-nodes.ts'
import { costOf } from '../../../../infra/alarms/cost.ts'
import { dashboardResource } from '../../../../infra/alarms/dashboard.ts'
import { AWS_METRICS, OWN_METRICS } from '../../../../infra/alarms/metrics.ts'
import { alarmNotices } from '../../../../infra/alarms/place.ts'
import { alarmResources, alarmsOf, causesOf } from '../../../../infra/alarms/resources.ts'
import { deployed, SERVERLESS, TOPIC } from '../../../support/alarms.ts'

// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
type Properties = Record<string, any>

const propertiesOf = (given = deployed()): Properties[] =>
  Object.values(alarmResources(given)).map(resource => (resource as { Properties: Properties }).Properties)
/** Without those of causes. */
const alarmProperties = (given = deployed()) =>
  propertiesOf(given).filter(({ AlarmRule }) => AlarmRule === undefined)
const named = (name: string, given = deployed()) =>
  propertiesOf(given).find(({ AlarmName }) => AlarmName === `sluice-${given.stage}-${name}`)
const kindsOf = (given = deployed()) => new Set(alarmsOf(given).map(({ kind }) => kind))

describe('the alarms of a deployment', () => {
  it('given any alarm, then its name is its own, it names its section, and rings with that of its cause', () => {
    const all = alarmProperties()
    assert.equal(new Set(all.map(({ AlarmName }) => AlarmName)).size, alarmsOf(deployed()).length)
    for (const { AlarmName, AlarmDescription, TreatMissingData } of all) {
      assert.match(AlarmName, /^sluice-prod-[\w-]{1,100}$/)
      assert.match(
        AlarmDescription,
        /^[A-Z].{20,900} Urgency: (now|soon)\. Runbook: docs\/runbook\.md#[a-z-]+$/,
      )
      assert.match(TreatMissingData, /^(breaching|notBreaching|ignore)$/)
    }
  })

  it('given a consumer of a topic with ticks, then silence is an alarm; of another topic, it says nothing', () => {
    assert.equal(named('lag-seconds-alerting')?.TreatMissingData, 'breaching')
    assert.equal(named('lag-seconds-grouping')?.TreatMissingData, 'ignore')
    const stopped = deployed({ SLUICE_SCHEDULES: 'off' })
    assert.equal(named('lag-seconds-alerting', stopped)?.TreatMissingData, 'ignore')
  })

  it('given schedules, then only those that run can be missed, five times their interval', () => {
    const missed = (given: ReturnType<typeof deployed>) =>
      alarmsOf(given).filter(({ kind }) => kind === 'schedule-missed')
    const names = missed(deployed()).map(({ watched }) => watched.of)
    assert.ok(names.includes('clock') && !names.includes('generator'))
    const simulated = missed(deployed({ SLUICE_GENERATOR: 'on' })).map(({ watched }) => watched.of)
    assert.ok(simulated.includes('generator'))
    assert.deepEqual(missed(deployed({ SLUICE_SCHEDULES: 'off' })), [])
    const periods = missed(deployed()).map(({ watched, when }) => [watched.of, when.periodSeconds])
    assert.deepEqual(Object.fromEntries(periods).clock, 300)
  })

  it('given MSK Serverless, then nothing is asked of brokers', () => {
    const kinds = kindsOf(deployed({ MSK_CLUSTER_ARN: SERVERLESS }))
    for (const kind of ['under-replicated', 'kafka-disk']) {
      assert.ok(!kinds.has(kind), kind)
      assert.match(named(kind)?.Metrics[0].Expression, /^SELECT MAX.*"Broker ID"/)
    }
  })

  it('given a cache, then its memory and evictions are watched; given none that is known, a line says so', () => {
    assert.deepEqual(named('redis-memory-used')?.Dimensions, [{ Name: 'clusterId', Value: 'telemetry' }])
    assert.equal(named('redis-memory-used', deployed({ CACHE_GIGABYTES: '5' }))?.Threshold, 4_000_000_000)
    const { MetricName, Threshold } = named('redis-memory-evicted') ?? {}
    assert.deepEqual([MetricName, Threshold], ['Evictions', 0])
    const nodes = { REDIS_URL: 'rediss://cache.example:6379', CACHE_NODES: 'a-001,a-002' }
    assert.equal(named('redis-memory-used-a-002', deployed(nodes))?.Threshold, 80)
    const unknown = deployed({ REDIS_URL: 'rediss://cache.example:6379' })
    assert.deepEqual(
      [...kindsOf(unknown)].filter(kind => kind.startsWith('redis-')),
      ['redis-away'],
    )
    assert.match(alarmNotices(unknown.alarms).join(), /CACHE_NAME/)
  })

  it('given a cluster of many nodes, then those that fit have alarms, and more are refused by name', () => {
    const nodes = (text: string, stage?: string) =>
      deployed({ REDIS_URL: 'rediss://cache.example:6379', CACHE_NODES: text }, stage)
    const most = nodes('a/20')
    assert.deepEqual(most.problems, [])
    assert.equal(
      alarmsOf(most).filter(({ kind }) => kind.startsWith('redis-')).length,
      1 + 2 * MAX_CACHE_NODES,
    )
    const [problem, ...others] = nodes('a/90').problems
    assert.deepEqual(others, [])
    assert.match(
      problem ?? '',
      /^CACHE_NODES: must expand to at most 40 nodes, not 180, .*SLUICE_ALARMS=off\.$/,
    )
    assert.equal(nodes('a/20,b-001').problems.length, 1)
    assert.deepEqual(nodes('a/90', 'dev').problems, [])
  })

  it('given no topic for alarms, then they send no notifications, and a line says so', () => {
    const given = deployed({ ALARM_TOPIC_ARN: '', ALARM_SOON_TOPIC_ARN: '' })
    for (const { AlarmActions, OKActions } of propertiesOf(given))
      assert.deepEqual([AlarmActions, OKActions], [undefined, undefined])
    assert.match(alarmNotices(given.alarms).join(), /^ALARM_TOPIC_ARN is not set/)
    assert.deepEqual(alarmNotices(deployed().alarms), [])
    assert.match(
      alarmNotices(deployed({ ALARM_SOON_TOPIC_ARN: '' }).alarms).join(),
      /^ALARM_SOON_TOPIC_ARN is not set/,
    )
  })

  it('given wrong settings, then each is refused by its name', () => {
    const { problems } = deployed({
      ALARM_TOPIC_ARN: 'alarms',
      SLUICE_ALARMS: 'yes',
      CACHE_GIGABYTES: '0',
    })
    const wrong = ['SLUICE_ALARMS', 'ALARM_TOPIC_ARN', 'CACHE_GIGABYTES']
    assert.deepEqual(problems.map(problem => problem.split(':')[0]).sort(), wrong.sort())
    const elsewhere = deployed({ ALARM_TOPIC_ARN: TOPIC.replace('eu-west-1', 'us-east-1') })
    assert.deepEqual(elsewhere.problems, [
      'ALARM_TOPIC_ARN: must be a topic in eu-west-1, where the alarms are.',
    ])
  })

  it('given what is paid for, then each metric that is named counts, and a query only for what it finds', () => {
    const { alarms, metrics, queries, dollars } = costOf(alarmsOf(deployed()), causesOf(deployed()).length)
    const counted = alarmProperties().flatMap(({ Metrics }) =>
      Metrics ? Metrics.filter((one: Properties) => one.MetricStat) : [1],
    )
    assert.equal(metrics, counted.length)
    assert.ok(queries > 15 && alarms < metrics + queries)
    assert.equal(dollars, metrics * 0.1 + causesOf(deployed()).length * 0.5)
    assert.ok(dollars < 25)
  })
})

describe('the dashboard of a deployment', () => {
  const bodyOf = (given: ReturnType<typeof deployed>) => {
    const { DashboardBody } = (dashboardResource(given, 'eu-west-1') as { Properties: Properties }).Properties
    const text: string = DashboardBody['Fn::Sub'] ?? DashboardBody
    assert.ok(text.length < 200_000)
    return JSON.parse(text).widgets as Properties[]
  }

  for (const [name, given] of Object.entries({
    prod: deployed(),
    dev: deployed({ MSK_CLUSTER_ARN: SERVERLESS }, 'dev'),
    nodes: deployed({ CACHE_NODES: 'a-001', REDIS_URL: 'rediss://x:6379' }),
  }))
    it(`given ${name}, then each graph shows metrics that there are, and none covers another`, () => {
      const widgets = bodyOf(given)
      const cells = widgets.flatMap(({ x, y, width }) =>
        Array.from({ length: width / 8 }, (_, at) => `${x + 8 * at}/${y}`),
      )
      assert.equal(new Set(cells).size, cells.length)
      const known = new Set<string>([
        ...OWN_METRICS,
        ...Object.values(AWS_METRICS).flatMap(one => Object.keys(one)),
      ])
      const graphs = widgets.filter(({ type }) => type === 'metric')
      for (const { properties } of graphs) {
        assert.ok(properties.metrics.length > 0, properties.title)
        for (const [first, second] of properties.metrics) {
          const metric =
            typeof first === 'string' ? second : /MetricName="([^"]+)"/.exec(first.expression)?.[1]
          assert.ok(known.has(metric), `${properties.title}: ${metric}`)
        }
      }
      assert.ok(graphs.length > 15)
    })

  it('given the metrics of alarms, then the dashboard shows each of them', () => {
    const shown = JSON.stringify(bodyOf(deployed()))
    const missing = propertiesOf().flatMap(({ MetricName, Metrics = [] }) => {
      const names = Metrics.flatMap(({ MetricStat, Expression = '' }: Properties) => [
        MetricStat?.Metric.MetricName ?? /\("([^"]+)"\)/.exec(Expression)?.[1] ?? [],
      ])
      return [MetricName ?? [], names].flat(2).filter((name: string) => !shown.includes(name))
    })
    assert.deepEqual([...new Set(missing)], [])
  })
})
