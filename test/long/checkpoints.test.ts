/** All of Redis lost while the log is older than its retention: on real servers, with the function that takes checkpoints. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { alerting } from '../../lib/alerting/process.ts'
import { readRules } from '../../lib/alerting/rule-files.ts'
import { takeAllCheckpoints } from '../../lib/app/checkpoints.ts'
import { readConfig } from '../../lib/app/config.ts'
import { CHECKPOINT_CONSUMERS, CHECKPOINTS, GENERAL, KAFKA, REDIS } from '../../lib/app/settings/index.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'
import type { Process } from '../../packages/runtime/pipeline/consumer.ts'
import { KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { awsEndpoint, brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'

const RULES = readRules([
  {
    where: 'rules.yaml',
    text: 'rules:\n  - { name: HIGH, family: environment, metric: temperature, fireAbove: 40, severity: critical }\n',
  },
])

/** Runs the function as its schedule does. */
async function takeCheckpoints(): Promise<{ written?: number }> {
  const context = { getRemainingTimeInMillis: () => 300_000 } as Context
  return scheduled(
    'checkpoints',
    Connections,
    [GENERAL, KAFKA, REDIS, CHECKPOINTS, CHECKPOINT_CONSUMERS],
    takeAllCheckpoints,
    'sluice',
  )({} as ScheduledEvent, context)
}

describe('all of Redis lost, and the start of the log expired', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const log = new KafkaLogReader(kafka)
  const publisher = new KafkaPublisher(kafka)
  let environment: TestEnvironment
  let connections: Connections
  let stage: Stage

  before(async () => {
    environment = await TestEnvironment.create()
    Object.assign(process.env, LOCAL_AWS_ENVIRONMENT, {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      AWS_ENDPOINT_URL: awsEndpoint(),
      SLUICE_ENV: environment.name,
      CHECKPOINT_BUCKET: `sluice-checkpoints-${environment.name}`,
      CHECKPOINT_CONSUMERS: 'alerting=readings',
      // Each run closes what it has opened.
      IS_LOCAL: 'true',
    })
    connections = new Connections(readConfig(), 'test')
    stage = new Stage(alerting(RULES) as Process, {
      store: new RedisStateStore(redis),
      publisher,
      log,
      recovery: () => connections.recovery(),
    })
    stage.consumer = { ...stage.consumer, env: environment.name }
  })

  after(async () => {
    redis.close()
    await Promise.all([log.close(), publisher.close(), connections?.close(), environment?.close()])
  })

  /** Publishes readings of one sensor, and returns them as the log has them. */
  async function produced(from: number, temperatures: readonly number[]): Promise<LogRecord[]> {
    const topic = environment.topic('readings')
    const messages = temperatures.map((temperature, index) => {
      const { value, headers } = writeEvent(reading(`r${from + index}`, { at: from + index, temperature }))
      return { key: 's-1', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(topic, messages)
    const records = (await environment.read('readings')).map(one => logRecordOf(topic, one.partition, one))
    return records.sort((a, b) => a.offset - b.offset).slice(-temperatures.length)
  }

  async function loseRedis(): Promise<void> {
    const keys = await redis.run(client => client.keys(`{alerting:${environment.topic('readings')}:*`))
    assert.ok(keys.length > 0)
    // Keys of one partition, as a cluster requires.
    await redis.run(client => client.del(...keys))
  }

  async function expire(partition: number, before: number): Promise<void> {
    await environment.client.expire(environment.topic('readings'), partition, before)
  }

  it('given an alert that fires, then it resolves under its id, and expired records are reported', async () => {
    const hot = await produced(0, [42, 42, 42])
    await stage.batch(hot)
    assert.equal((await takeCheckpoints()).written, 1)
    assert.deepEqual(await takeCheckpoints(), { written: 0, bytes: 0, unchanged: 1, notTaken: 0 })
    const more = await produced(3, [43, 43, 43, 43])
    await stage.batch(more)
    await loseRedis()
    const { partition } = hot[0] as LogRecord
    await expire(partition, 5)
    const cold = await produced(7, [20])
    assert.equal(cold[0]?.offset, 7)
    assert.deepEqual(await stage.batch(cold), { batchItemFailures: [] })

    const { restorations, expiries, ranges, startsWithoutAppliedOffsetAt } = stage.observer
    assert.deepEqual(
      restorations.map(({ appliedOffset }) => appliedOffset),
      [2],
    )
    assert.deepEqual(expiries, [{ fromOffset: 3, toOffset: 4 }])
    assert.deepEqual(ranges, [{ fromOffset: 5, toOffset: 6 }])
    assert.deepEqual(startsWithoutAppliedOffsetAt, [])
    const alerts = (await environment.read('alerts')).map(({ headers, value }) => [
      String(headers?.ce_type).split('.').at(-2),
      JSON.parse(String(value)).alertId,
    ])
    assert.deepEqual(
      alerts.map(([what]) => what),
      ['fired', 'resolved'],
    )
    assert.equal(alerts[0]?.[1], alerts[1]?.[1])
  })

  it('given the state as it is after that, then it is copied in an epoch of its own, and comes back again', async () => {
    assert.equal((await takeCheckpoints()).written, 1)
    await loseRedis()
    const hot = await produced(8, [44])
    assert.deepEqual(await stage.batch(hot), { batchItemFailures: [] })
    assert.equal(stage.observer.restorations.at(-1)?.appliedOffset, 7)
    const recovery = await connections.recovery()
    const { partition } = hot[0] as LogRecord
    const state = { consumer: 'alerting', topic: environment.topic('readings'), partition }
    const listed = await recovery?.checkpoints.list(state)
    assert.deepEqual(
      listed?.map(({ version }) => version.epoch),
      [1, 0],
    )
    assert.equal((await recovery?.states.take(state))?.version.epoch, 2)
  })
})
