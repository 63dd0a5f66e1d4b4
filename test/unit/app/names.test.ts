import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { declaredFunctions, topicsRead } from '../../../lib/app/functions.ts'
import { NAMES, readSettings } from '../../../lib/app/settings/index.ts'
import {
  environmentIn,
  groupName,
  kafkaTopics,
  type Signal,
  signalIn,
  signalNamed,
  signalOfSource,
  signals,
  TOPICS,
  topicName,
  topicNamed,
  topicsOf,
  useNames,
} from '../../../lib/app/topics.ts'
import type { ConfigError } from '../../../packages/runtime/settings/config-error.ts'

function named(environment: Readonly<Record<string, string>>): void {
  useNames(readSettings([NAMES], environment).names)
}

const FOREIGN = {
  ORG: 'gds',
  DOMAIN: 'none',
  KAFKA_TOPIC: 'gds.metrics.{env}',
  TOPIC_NAMES: 'dlq=gds.metrics.dlq,analytics=analytics_events',
  GROUP_NAME: '{org}-{consumer}',
}

describe('names of topics and groups', () => {
  afterEach(() => named({}))

  const cases: [environment: Record<string, string>, readings: string, alerts: string, group: string][] = [
    [{}, 'sluice.telemetry.readings.prod', 'sluice.telemetry.alerts.prod', 'sluice-alerting-prod'],
    [FOREIGN, 'gds.metrics.prod', 'gds.alerts.prod', 'gds-alerting'],
    [{ ORG: 'none' }, 'telemetry.readings.prod', 'telemetry.alerts.prod', 'alerting-prod'],
    [{ ORG: 'none', DOMAIN: 'none' }, 'readings.prod', 'alerts.prod', 'alerting-prod'],
    [{ KAFKA_TOPIC: 'sensor_data' }, 'sensor_data', 'sluice.telemetry.alerts.prod', 'sluice-alerting-prod'],
  ]
  for (const [environment, readings, alerts, group] of cases)
    test(`given ${JSON.stringify(environment)}, then names follow, and are found again`, () => {
      named(environment)
      assert.deepEqual(
        [topicName('readings', 'prod'), topicName('alerts', 'prod'), groupName('alerting', 'prod')],
        [readings, alerts, group],
      )
      assert.equal(signalNamed(readings, 'prod'), 'readings')
      assert.equal(topicNamed(alerts), TOPICS.alerts)
      assert.equal(environmentIn(alerts), 'prod')
      assert.equal(new Set(kafkaTopics('prod').map(({ name }) => name)).size, kafkaTopics('prod').length)
    })

  test('given other names, then the usual ones are foreign topics', () => {
    named(FOREIGN)
    assert.equal(topicNamed('sluice.telemetry.readings.prod'), undefined)
    assert.equal(signalIn('gds.metrics.dlq'), 'dlq')
    assert.equal(signalIn('analytics_events'), 'analytics')
    assert.equal(environmentIn('gds.metrics.dlq'), '')
  })

  const SPLIT = {
    ...FOREIGN,
    EXTRA_SIGNALS:
      'logs,logs.application=/app,traces.all,readings.postgresql=/database/postgresql,readings.databases=/database',
  }

  test('given further signals, then each has a topic with the settings of its signal', () => {
    named(SPLIT)
    const expected = {
      logs: 'gds.logs.production',
      'logs.application': 'gds.logs.application.production',
      'traces.all': 'gds.traces.all.production',
      'readings.postgresql': 'gds.metrics.postgresql.production',
      'readings.databases': 'gds.metrics.databases.production',
    } as const
    for (const [signal, topic] of Object.entries(expected) as [Signal, string][]) {
      assert.equal(topicName(signal, 'production'), topic)
      assert.equal(signalIn(topic), signal)
      assert.equal(environmentIn(topic), 'production')
    }
    const split = kafkaTopics('production').find(({ name }) => name === 'gds.metrics.postgresql.production')
    assert.deepEqual({ ...split, name: '' }, { ...TOPICS.readings, name: '' })
    assert.equal(signals().includes('traces'), false, 'only its sub-signal was named')
  })

  const sources: [source: string, signal: Signal][] = [
    ['/database/postgresql', 'readings.postgresql'],
    ['/database/postgresql/eu', 'readings.postgresql'],
    ['/database/postgresql-old', 'readings.databases'],
    ['/database/mysql', 'readings.databases'],
    ['/environment/cairo', 'readings'],
    ['', 'readings'],
  ]
  for (const [source, signal] of sources)
    test(`given an event of the source "${source}", then its topic is that of ${signal}`, () => {
      named(SPLIT)
      assert.equal(signalOfSource('readings', source), signal)
    })

  test('given a sub-signal without a source, then only producers that name it write there', () => {
    named(SPLIT)
    assert.equal(signalOfSource('traces', '/anything'), 'traces')
    assert.equal(signalOfSource('readings.postgresql', '/environment/cairo'), 'readings.postgresql')
  })

  test('given sub-signals, then consumers of the signal read them, each in a group of its own', () => {
    named(SPLIT)
    const [alerting] = declaredFunctions({ alerting: { consumes: 'readings', emits: 'ruled' } })
    assert.ok(alerting)
    assert.deepEqual(
      topicsRead(alerting, 'production').map(({ topic, group }) => [topic, group]),
      [
        ['gds.metrics.production', 'gds-alerting'],
        ['gds.metrics.postgresql.production', 'gds-alerting-postgresql'],
        ['gds.metrics.databases.production', 'gds-alerting-databases'],
      ],
    )
    assert.deepEqual(
      alerting.emits.filter(signal => signal.startsWith('readings')),
      ['readings', 'readings.postgresql', 'readings.databases'],
    )
    assert.deepEqual(topicsOf(['readings.postgresql']), ['readings.postgresql'])
  })

  const wrong: [environment: Record<string, string>, error: RegExp][] = [
    [
      { TOPIC_NAMES: 'alerts=x,events=x' },
      /TOPIC_NAMES: must give each signal a different topic; x is given to two/,
    ],
    [{ TOPIC_NAMES: 'alarms=x' }, /TOPIC_NAMES: must be signal=topic/],
    [{ TOPIC_NAMES: 'alerts=a b' }, /TOPIC_NAMES: must be signal=topic/],
    [{ KAFKA_TOPIC: 'sluice.telemetry.alerts.{env}' }, /must give each signal a different topic/],
    [{ EXTRA_SIGNALS: 'alerts.mine' }, /EXTRA_SIGNALS: must be logs, traces, or sub-signals/],
    [{ EXTRA_SIGNALS: 'readings' }, /EXTRA_SIGNALS: must be logs, traces, or sub-signals/],
    [{ EXTRA_SIGNALS: 'logs=/app' }, /EXTRA_SIGNALS: must be logs, traces, or sub-signals/],
    [{ EXTRA_SIGNALS: 'logs,logs' }, /EXTRA_SIGNALS: must be logs, traces, or sub-signals/],
    [{ EXTRA_SIGNALS: 'readings.a b' }, /EXTRA_SIGNALS: must be logs, traces, or sub-signals/],
    [{ TOPIC_NAMES: 'logs.application=x' }, /TOPIC_NAMES: names logs.application, which EXTRA_SIGNALS must/],
    [
      { EXTRA_SIGNALS: 'logs.a,logs.b', TOPIC_NAMES: 'logs.a=x,logs.b=x' },
      /must give each signal a different topic/,
    ],
    [{ ORG: 'a.b' }, /ORG: must be 1 to 40 letters/],
    [{ GROUP_NAME: 'same-for-all' }, /GROUP_NAME: must be a text with \{consumer\}/],
  ]
  for (const [environment, error] of wrong)
    test(`given ${JSON.stringify(environment)}, then it is refused`, () => {
      assert.throws(
        () => named(environment),
        (thrown: ConfigError) => error.test(thrown.message),
      )
    })
})
