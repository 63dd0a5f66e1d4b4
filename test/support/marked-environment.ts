/**
 * Environment in which all names and values that users can choose contain markup, including the values in alerts and dead letters.
 */
import assert from 'node:assert/strict'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import { kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { KafkaPublisher, toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { environmentReading } from '#runtime/test/support/records'
import { createActivity } from '../../lib/activity/process.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { buildRuleSet } from '../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../lib/alerting/rules-activated.ts'
import { createStatistics } from '../../lib/analytics/processor.ts'
import { SIGNALS, type Signal } from '../../lib/app/naming/topic-table.ts'
import { dlqRouter } from '../../lib/failures/dlq-router.ts'
import { DEFAULT_POLICY } from '../../lib/failures/policy.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { createRule } from '../unit/alerting/support.ts'
import { TestEnvironment } from './environment.ts'
import { FAMILIES, NAMES } from './families.ts'
import { Stage } from './stage.ts'
import { declareTables, ViewsStage } from './tables.ts'

/** Markup that an unsafe page would execute, or insert as the element `injected`. */
export const MARKUP = `"><img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script><b id="injected">'</b>`

const TABLES = `CREATE STREAM readings_of_sensors (sensor_id VARCHAR KEY, temperature DOUBLE)
    WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
  CREATE TABLE by_sensor AS SELECT sensor_id, COUNT(*) AS readings FROM readings_of_sensors GROUP BY sensor_id;
  CREATE TABLE by_minute AS SELECT sensor_id, AVG(temperature) AS mean, COUNT(*) AS readings
    FROM readings_of_sensors WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY sensor_id;`

/** Consumers, ordered so that each runs after the consumers whose output it reads. */
const createConsumers = (env: string) =>
  [
    [createStatistics(FAMILIES), 'readings'],
    [createActivity(FAMILIES), 'readings'],
    [alerting(FAMILIES, []), 'readings'],
    [notifier({ routes: [] }), 'alerts'],
    [
      dlqRouter({ policy: DEFAULT_POLICY, findTopicName: topic => NAMES.signalNamed(topic, env) }),
      'failures',
    ],
  ] as const

export async function markedEnvironment(): Promise<TestEnvironment> {
  const environment = await TestEnvironment.create()
  const redis = new RedisClient({ url: redisUrl() })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  try {
    await declareTables(environment, redis, publisher, TABLES)
    await environment.client.send(environment.topic('readings'), readings())
    await new ViewsStage(environment, redis, publisher).catchUp()
    for (const [process, signal] of createConsumers(environment.name)) {
      const stage = new Stage(process as never, { store: new RedisStateStore(redis), publisher })
      stage.consumer = { ...stage.consumer, env: environment.name }
      await deliver(environment, stage, signal)
    }
    const foreign = { key: MARKUP, headers: { [MARKUP]: MARKUP }, value: MARKUP }
    for (const signal of SIGNALS) await environment.client.send(environment.topic(signal), [foreign])
    return environment
  } finally {
    redis.close()
    await publisher.close()
  }
}

async function deliver(environment: TestEnvironment, stage: Stage, signal: Signal): Promise<void> {
  const topic = environment.topic(signal)
  const records = (await environment.read(signal)).map(record => toLogRecord(topic, record.partition, record))
  assert.ok(records.length > 0, `${signal} is empty`)
  assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
}

/** Returns a reading that fires an alert, and a reading that fails. */
function readings() {
  const rule = createRule({ name: 'HOT', fireAbove: 40, summary: MARKUP, labels: { team: MARKUP } })
  const now = new Date().toISOString()
  const hot = { ...environmentReading(MARKUP, { sensor: MARKUP, temperature: 45 }), time: now }
  const data = {
    ...(hot.data as object),
    location: { site: MARKUP, latitude: 1, longitude: 1 },
    tags: { [MARKUP]: MARKUP },
  }
  const events = [
    rulesActivated(buildRuleSet([rule]), 0, now),
    { ...hot, data },
    { ...hot, id: `${MARKUP} 2`, data: { sensorId: MARKUP, [MARKUP]: MARKUP } },
  ]
  return events.map(event => {
    const { value, headers } = writeEvent(event)
    return { key: MARKUP, value, headers: { ...Object.fromEntries(headers), [MARKUP]: MARKUP } }
  })
}
