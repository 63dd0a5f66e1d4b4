import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigError } from '#runtime/consumer'
import { listLocalInputs } from '../../../lib/app/inputs/inputs.ts'
import type { Names } from '../../../lib/app/naming/names.ts'
import { TOPICS } from '../../../lib/app/naming/topic-table.ts'
import { NAMES, readSettings } from '../../../lib/app/settings/index.ts'

function named(environment: Readonly<Record<string, string>>): Names {
  return readSettings([NAMES], environment).names
}

const FOREIGN = {
  ORG: 'gds',
  DOMAIN: 'none',
  KAFKA_TOPIC: 'gds.metrics.{env}',
  TOPIC_NAMES: 'dlq=gds.metrics.dlq,analytics=analytics_events',
  GROUP_NAME: '{org}-{consumer}',
}

describe('names of topics and groups', () => {
  const cases: [environment: Record<string, string>, readings: string, alerts: string, group: string][] = [
    [{}, 'sluice.telemetry.readings.prod', 'sluice.telemetry.alerts.prod', 'sluice-alerting-prod'],
    [FOREIGN, 'gds.metrics.prod', 'gds.alerts.prod', 'gds-alerting'],
    [{ ORG: 'none' }, 'telemetry.readings.prod', 'telemetry.alerts.prod', 'alerting-prod'],
    [{ ORG: 'none', DOMAIN: 'none' }, 'readings.prod', 'alerts.prod', 'alerting-prod'],
    [{ KAFKA_TOPIC: 'sensor_data' }, 'sensor_data', 'sluice.telemetry.alerts.prod', 'sluice-alerting-prod'],
  ]
  for (const [environment, readings, alerts, group] of cases)
    test(`given ${JSON.stringify(environment)}, then names follow, and are found again`, () => {
      const names = named(environment)
      assert.deepEqual(
        [
          names.topicName('readings', 'prod'),
          names.topicName('alerts', 'prod'),
          names.groupName('alerting', 'prod'),
        ],
        [readings, alerts, group],
      )
      assert.equal(names.signalNamed(readings, 'prod'), 'readings')
      assert.equal(names.topicNamed(alerts), TOPICS.alerts)
      assert.equal(
        new Set(names.kafkaTopics('prod').map(({ name }) => name)).size,
        names.kafkaTopics('prod').length,
      )
    })

  test('given topics of a cluster, then the environments are those whose name a topic has', () => {
    const topics = ['sluice.telemetry.readings.prod', 'sluice.telemetry.dlq.dev-2', 'slucie.telemetry.dlq.x']
    assert.deepEqual(named({}).listEnvironments([...topics, 'readings', 'sluice.telemetry.readings.']), [
      'dev-2',
      'prod',
    ])
    const foreign = ['gds.metrics.dlq', 'gds.metrics.prod', 'gdsxalerts.test']
    assert.deepEqual(named(FOREIGN).listEnvironments(foreign), ['prod'])
  })

  test('given names without the environment, then no environment can be told from another', () => {
    const names = named({
      TOPIC_NAMES: Object.keys(TOPICS)
        .map(signal => `${signal}=${signal}`)
        .join(','),
    })
    assert.equal(names.listEnvironments(['readings']), undefined)
  })

  test('given a topic with the name of a local input, then that input steps aside, and only one machine has any', () => {
    const local = (environment: Record<string, string>) =>
      listLocalInputs({ isOneMachine: true, names: named(environment) }).map(({ topic }) => topic)
    assert.deepEqual(local({}), ['sensor-data', 'sensor_data'])
    assert.deepEqual(local({ KAFKA_TOPIC: 'sensor_data' }), ['sensor-data'])
    assert.deepEqual(local({ KAFKA_TOPIC: 'sensor_data', TOPIC_NAMES: 'dlq=sensor-data' }), [])
    assert.deepEqual(listLocalInputs({ isOneMachine: false, names: named({}) }), [])
  })

  test('given PARTITIONS, then topics have these numbers in every environment, and the advice has all of them', () => {
    const names = named({ ...FOREIGN, PARTITIONS: 'readings=24, events=6' })
    assert.deepEqual(names.topicSize('readings', 'prod'), { topic: 'gds.metrics.prod', partitions: 24 })
    assert.equal(names.topicNamed('gds.metrics.dev')?.partitions, 24)
    assert.deepEqual(
      names
        .kafkaTopics('prod')
        .map(({ partitions }) => partitions)
        .slice(0, 3),
      [24, 6, 3],
    )
    const found = new Map([
      ['gds.metrics.prod', 12],
      ['gds.alerts.prod', 1],
    ])
    assert.match(names.advisePartitions(found), /Set PARTITIONS=readings=12,events=6,alerts=1, or create/)
    assert.equal(names.topicNamed('greenhouse'), undefined)
  })

  test('given other names, then the usual ones are foreign topics', () => {
    const names = named(FOREIGN)
    assert.equal(names.topicNamed('sluice.telemetry.readings.prod'), undefined)
    assert.equal(names.findSignal('gds.metrics.dlq'), 'dlq')
    assert.equal(names.findSignal('analytics_events'), 'analytics')
  })

  const wrong: [environment: Record<string, string>, error: RegExp][] = [
    [
      { TOPIC_NAMES: 'alerts=x,events=x' },
      /TOPIC_NAMES: must give each signal a different topic; x is given to two/,
    ],
    [{ TOPIC_NAMES: 'alarms=x' }, /TOPIC_NAMES: must be signal=topic/],
    [{ TOPIC_NAMES: 'alerts=a b' }, /TOPIC_NAMES: must be signal=topic/],
    [{ KAFKA_TOPIC: 'sluice.telemetry.alerts.{env}' }, /must give each signal a different topic/],
    [{ TOPIC_NAMES: 'logs.application=x' }, /TOPIC_NAMES: must be signal=topic/],
    [{ PARTITIONS: 'readings=0' }, /PARTITIONS: must be signal=number \(1 to 9999\)/],
    [{ PARTITIONS: 'readings=3,readings=4' }, /PARTITIONS: must be signal=number/],
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
