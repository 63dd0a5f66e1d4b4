import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Context } from 'aws-lambda'
import { activity } from '../../lib/activity/process.ts'
import { statistics } from '../../lib/analytics/process.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { TestEnvironment } from '../support/environment.ts'
import { kafkaEvent } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context

const METRIC = { database_type: 'postgresql', instance_id: 'db-1', tags: { environment: 'production' } }
const MOTION = { model: 'nexus4', x: 1, y: 2, z: 9.8, activity: 'stand' }

describe('a function on a Kafka topic of foreign records', () => {
  const variables = { ...process.env }
  let environment: TestEnvironment

  beforeEach(async () => {
    environment = await TestEnvironment.create()
    Object.assign(process.env, {
      SLUICE_ENV: environment.name,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      MAPPINGS: 'database-metrics,device',
      REPORT_BATCH_ITEM_FAILURES: 'true',
      IS_LOCAL: 'true',
    })
  })

  afterEach(async () => {
    process.env = { ...variables }
    await environment?.close()
  })

  /** The readings topic as Lambda would deliver it, from its beginning. */
  async function batch() {
    const records = await environment.read('readings')
    const inLog = records.map(
      ({ partition, offset, timestamp, key, value, headers }): LogRecord => ({
        topic: environment.topic('readings'),
        partition,
        offset: Number(offset),
        timestampMs: Number(timestamp),
        key,
        value,
        headers: Object.entries(headers ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes as Buffer)]),
      }),
    )
    return kafkaEvent(inLog.sort((a, b) => a.partition - b.partition || a.offset - b.offset))
  }

  /** Delivers a batch to a function of its own, as after a cold start. */
  function deliver(delivered: Awaited<ReturnType<typeof batch>>, to: 'processor' | 'activity' = 'processor') {
    const handler =
      to === 'processor' ? kafkaConsumer('processor', statistics) : kafkaConsumer('activity', activity)
    return handler(delivered, CONTEXT)
  }

  it('given records of two forms and one that fits none, then they count once, and the last is a failure', async () => {
    const timestamp = new Date().toISOString().replace('Z', '')
    const metric = (metric_name: string, value: unknown) => ({ ...METRIC, timestamp, metric_name, value })
    const records = [
      metric('cpu_usage_percent', 72.5),
      metric('cpu_usage_percent', 72.5),
      metric('active_connections', 12),
      metric('active_connections', 'many'),
      MOTION,
      { temperature: 20 },
    ]
    await environment.client.send(
      environment.topic('readings'),
      records.map(record => ({ key: 'k', value: JSON.stringify(record) })),
    )
    const delivered = await batch()
    assert.deepEqual(await deliver(delivered), { batchItemFailures: [] })
    const tally = await environment.tally('processor')
    assert.deepEqual(tally, {
      'applied/counted': 4,
      'failed/mapping-failed': 1,
      'failed/not-a-cloudevent': 1,
    })
    const entities = [...(await environment.states('processor')).keys()]
    assert.deepEqual(entities.sort(), ['/database/postgresql db-1', '/device/nexus4 nexus4'])

    assert.deepEqual(await deliver(delivered), { batchItemFailures: [] })
    assert.equal((await environment.tally('processor'))['applied/counted'], 4, 'a redelivery is a duplicate')
    const failures = await environment.read('failures')
    const found = failures.map(({ value }) => {
      const { errorType, error, originalOffset, originalValue } = JSON.parse(String(value))
      return [errorType, error, originalOffset, Buffer.from(originalValue, 'base64').toString()]
    })
    assert.deepEqual(
      found.find(([code]) => code === 'mapping-failed'),
      ['mapping-failed', 'mapping database-metrics: "value" must be a number', 3, JSON.stringify(records[3])],
    )
    assert.equal(found.length, 2)
  })
})
