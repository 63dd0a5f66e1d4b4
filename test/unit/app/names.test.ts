import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import type { ConfigError } from '#runtime/settings/config-error.ts'
import { listLocalInputs } from '../../../lib/app/inputs.ts'
import { NAMES, readSettings } from '../../../lib/app/settings/index.ts'
import {
  advisePartitions,
  groupName,
  kafkaTopics,
  listEnvironments,
  signalIn,
  signalNamed,
  TOPICS,
  topicName,
  topicNamed,
  topicSize,
  useNames,
} from '../../../lib/app/topics.ts'

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
      assert.equal(new Set(kafkaTopics('prod').map(({ name }) => name)).size, kafkaTopics('prod').length)
    })

  test('given topics of a cluster, then the environments are those whose name a topic has', () => {
    const topics = ['sluice.telemetry.readings.prod', 'sluice.telemetry.dlq.dev-2', 'slucie.telemetry.dlq.x']
    assert.deepEqual(listEnvironments([...topics, 'readings', 'sluice.telemetry.readings.']), [
      'dev-2',
      'prod',
    ])
    named(FOREIGN)
    assert.deepEqual(listEnvironments(['gds.metrics.dlq', 'gds.metrics.prod', 'gdsxalerts.test']), ['prod'])
  })

  test('given names without the environment, then no environment can be told from another', () => {
    named({
      TOPIC_NAMES: Object.keys(TOPICS)
        .map(signal => `${signal}=${signal}`)
        .join(','),
    })
    assert.equal(listEnvironments(['readings']), undefined)
  })

  test('given a topic with the name of a local input, then that input steps aside, and no other environment has any', () => {
    const local = () => listLocalInputs('local').map(({ topic }) => topic)
    assert.deepEqual(local(), ['sensor-data', 'sensor_data'])
    named({ KAFKA_TOPIC: 'sensor_data' })
    assert.deepEqual(local(), ['sensor-data'])
    named({ KAFKA_TOPIC: 'sensor_data', TOPIC_NAMES: 'dlq=sensor-data' })
    assert.deepEqual(local(), [])
    assert.deepEqual(listLocalInputs('prod'), [])
  })

  test('given PARTITIONS, then topics have these numbers in every environment, and the advice has all of them', () => {
    named({ ...FOREIGN, PARTITIONS: 'readings=24, events=6' })
    assert.deepEqual(topicSize('readings', 'prod'), { topic: 'gds.metrics.prod', partitions: 24 })
    assert.equal(topicNamed('gds.metrics.dev')?.partitions, 24)
    assert.deepEqual(
      kafkaTopics('prod')
        .map(({ partitions }) => partitions)
        .slice(0, 3),
      [24, 6, 3],
    )
    const found = new Map([
      ['gds.metrics.prod', 12],
      ['gds.alerts.prod', 1],
    ])
    assert.match(advisePartitions(found), /Set PARTITIONS=readings=12,events=6,alerts=1, or create/)
    assert.equal(topicNamed('greenhouse'), undefined)
  })

  test('given other names, then the usual ones are foreign topics', () => {
    named(FOREIGN)
    assert.equal(topicNamed('sluice.telemetry.readings.prod'), undefined)
    assert.equal(signalIn('gds.metrics.dlq'), 'dlq')
    assert.equal(signalIn('analytics_events'), 'analytics')
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
