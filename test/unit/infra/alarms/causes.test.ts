import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Alarm, type Deployed, thresholdOf, type Value } from '../../../../infra/alarms/alarm.ts'
import type { Metric } from '../../../../infra/alarms/metrics.ts'
import { alarmResources, alarmsOf, causesOf } from '../../../../infra/alarms/resources.ts'
import { ALARM_KINDS } from '../../../../infra/alarms/table.ts'
import { isConsumer } from '../../../../lib/app/functions.ts'
import { lambdaName } from '../../../../lib/app/resource-names.ts'
import { deployed, SOON_TOPIC, TOPIC } from '../../../support/alarms.ts'

/** Value of a metric in each minute of an outage; undefined where it is not written. */
type Outage = (metric: Metric, deployed: Deployed) => number | undefined

/** Redis does not answer: consumers leave their records in Kafka, and what a schedule calls fails if it keeps something there. */
const REDIS_AWAY: Outage = ({ namespace, name, dimensions }, { functions, stage }) => {
  const of = functions.find(one =>
    [one.name, lambdaName(stage, one.name)].includes(dimensions.FunctionName ?? dimensions.service ?? ''),
  )
  const fails = of !== undefined && of.schedule !== undefined && of.uses.includes('redis')
  if (name === 'deferred') return ['store-unavailable', undefined].includes(dimensions.reason) ? 9 : undefined
  if (name === 'Invocations') return of && (of.schedule || isConsumer(of)) ? 1 : undefined
  if (name === 'Errors') return fails ? 1 : 0
  if (namespace === 'AWS/Lambda' || namespace === 'AWS/Kafka') return 0
  return undefined
}

const orNone = (value: number | undefined) => value ?? 0

function valueIn(value: Value, outage: Outage, given: Deployed): number | undefined {
  if ('query' in value) {
    const { namespace, name, where } = value.query
    return outage({ namespace, name, dimensions: where }, given)
  }
  if ('metric' in value) return outage(value.metric, given)
  const { invocations, errors } = Object.fromEntries(
    Object.entries(value.metrics).map(([id, { metric }]) => [id, outage(metric, given)]),
  )
  return orNone(invocations) - orNone(errors)
}

function ringsIn(alarm: Alarm, outage: Outage, given: Deployed): boolean {
  const value = valueIn(alarm.watched.value, outage, given)
  const missing = alarm.watched.missing ?? ALARM_KINDS[alarm.kind]?.missing ?? 'notBreaching'
  if (value === undefined) return missing === 'breaching'
  const threshold = thresholdOf(alarm.when, given.stage)
  return alarm.when.below === undefined ? value > threshold : value < threshold
}

/** The logical ids of all alarms in state ALARM, and of those of them that ring. */
function during(outage: Outage, given: Deployed) {
  const single = alarmsOf(given).filter(alarm => ringsIn(alarm, outage, given))
  const inAlarm = new Set(single.map(({ logicalId }) => logicalId))
  const causes = causesOf(given)
  // Parts stand before the whole, and the suppressor is of single alarms.
  for (const { logicalId, anyOf } of causes) if (anyOf.some(id => inAlarm.has(id))) inAlarm.add(logicalId)
  const ringing = causes.filter(
    ({ logicalId, topics, suppressor }) =>
      inAlarm.has(logicalId) && topics.length > 0 && !(suppressor && inAlarm.has(suppressor)),
  )
  return { single: single.map(({ kind }) => kind), ringing: ringing.map(({ name }) => name) }
}

describe('an outage of Redis', () => {
  it('given all functions, then it moves many alarms, and one rings', () => {
    const { single, ringing } = during(REDIS_AWAY, deployed())
    assert.ok(single.length >= 15 && single.length <= 30, `${single.length}: ${single}`)
    assert.deepEqual(ringing, ['sluice-prod-cause-redis'])
  })

  it('given a full disk of Kafka meanwhile, which lasts for days, then it silences nothing', () => {
    const full: Outage = metric => (metric.name === 'KafkaDataLogsDiskUsed' ? 95 : undefined)
    // No metric of any function is there: the functions do not run.
    assert.deepEqual(during(full, deployed()).ringing, [
      'sluice-prod-cause-kafka',
      'sluice-prod-cause-progress',
      'sluice-prod-cause-functions',
      'sluice-prod-cause-dead-letters-soon',
    ])
  })
})

describe('the alarms of causes', () => {
  it('given any alarm, then it has no action of its own, and belongs to one cause with actions', () => {
    const given = deployed()
    const causes = causesOf(given).filter(({ topics }) => topics.length > 0)
    for (const { logicalId } of alarmsOf(given))
      assert.equal(causes.filter(({ anyOf }) => anyOf.includes(logicalId)).length, 1, logicalId)
    for (const resource of Object.values(alarmResources(given))) {
      const { Type, Properties } = resource as { Type: string; Properties: object }
      assert.ok(Type === 'AWS::CloudWatch::CompositeAlarm' || !('AlarmActions' in Properties))
    }
  })

  it('given what can wait and what cannot, then each has its topic; a topic that fails rings on both', () => {
    const topicsOf = (name: string, given = deployed()) =>
      causesOf(given).find(one => one.name === `sluice-prod-cause-${name}`)?.topics
    assert.deepEqual(topicsOf('functions'), [TOPIC])
    assert.deepEqual(topicsOf('dead-letters-soon'), [SOON_TOPIC])
    assert.deepEqual(topicsOf('delivery'), [TOPIC, SOON_TOPIC])
    assert.deepEqual(topicsOf('dead-letters-soon', deployed({ ALARM_SOON_TOPIC_ARN: '' })), [TOPIC])
    assert.deepEqual(topicsOf('delivery', deployed({ ALARM_TOPIC_ARN: '', ALARM_SOON_TOPIC_ARN: '' })), [])
  })

  it('given a rule, then CloudFormation fills in the names of alarms that it has made before', () => {
    const resources = alarmResources(deployed())
    const ids = new Set(Object.keys(resources))
    const properties = (id: string) =>
      (resources[id] as { Properties: Readonly<Record<string, unknown>> }).Properties
    const OUTAGES = ['RedisAwayStoreUnavailable', 'KafkaAwayBrokerUnavailable', 'KafkaAwayLogUnreadable']
    assert.deepEqual(properties('CauseServers').AlarmRule, {
      'Fn::Sub': OUTAGES.map(id => `ALARM("\${Alarm${id}}")`).join(' OR '),
    })
    for (const { logicalId, suppressor } of causesOf(deployed())) {
      const { 'Fn::Sub': rule } = properties(logicalId).AlarmRule as { 'Fn::Sub': string }
      for (const [, id = ''] of rule.matchAll(/\$\{(\w+)\}/g)) assert.ok(ids.has(id), id)
      assert.ok(suppressor === undefined || ids.has(suppressor))
    }
    assert.deepEqual(properties('CauseProgress').ActionsSuppressor, { 'Fn::GetAtt': ['CauseServers', 'Arn'] })
  })

  it('given more alarms than a rule takes, then parts of it have them all', () => {
    const many = deployed({ REDIS_URL: 'rediss://cache.example:6379', CACHE_NODES: 'a/30' })
    const causes = causesOf(many)
    for (const { anyOf, name } of causes) assert.ok(anyOf.length <= 100, name)
    const redis = causes.find(({ name }) => name === 'sluice-prod-cause-redis')
    const parts = causes.filter(({ logicalId }) => redis?.anyOf.includes(logicalId))
    assert.equal(parts.length, 2)
    const kinds = Object.entries(ALARM_KINDS).filter(([, { cause }]) => cause === 'redis')
    const expected = alarmsOf(many).filter(({ kind }) => kinds.some(([name]) => name === kind))
    assert.deepEqual(
      parts.flatMap(({ anyOf }) => anyOf),
      expected.map(({ logicalId }) => logicalId),
    )
  })
})
