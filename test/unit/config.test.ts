import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, localEnvironment, readConfig } from '../../lib/config.ts'

const LEAST = { KAFKA_BROKERS: 'one:9092, two:9092', REDIS_URL: 'redis://cache:6379' }

describe('the configuration', () => {
  it('given the least, then everything else has its default', () => {
    const config = readConfig(LEAST)
    assert.deepEqual(config.kafka, {
      brokers: ['one:9092', 'two:9092'],
      auth: 'none',
      isolation: 'read-committed',
    })
    assert.deepEqual(
      {
        env: config.env,
        window: config.idWindowMs,
        mode: config.contentMode,
        partial: config.partialResponses,
        logTime: config.logTime,
      },
      { env: 'local', window: 3_600_000, mode: 'binary', partial: false, logTime: 'append' },
    )
  })

  it('given a cluster by its ARN, then IAM signs in', () => {
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/abc'
    const { kafka } = readConfig({
      REDIS_URL: LEAST.REDIS_URL,
      MSK_CLUSTER_ARN: arn,
      AWS_REGION: 'eu-west-1',
    })
    assert.deepEqual(kafka, {
      brokers: [],
      clusterArn: arn,
      auth: 'iam',
      region: 'eu-west-1',
      isolation: 'read-committed',
    })
  })

  it('given faults, then all are named at once, by their variables', () => {
    const wrong = {
      KAFKA_BROKERS: 'no-port',
      REDIS_URL: 'http://cache',
      KAFKA_AUTH: 'maybe',
      ID_WINDOW_SECONDS: '1h',
      SLUICE_ENV: 'Not Allowed',
      LOG_TIME: 'mine',
    }
    assert.throws(
      () => readConfig(wrong),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        for (const name of Object.keys(wrong)) assert.match(error.message, new RegExp(`- ${name}: must`))
        return true
      },
    )
    assert.throws(() => readConfig({}), /KAFKA_BROKERS or MSK_CLUSTER_ARN[\s\S]*REDIS_URL/)
  })

  it('given a wrong URL with a password, then the message does not repeat it', () => {
    assert.throws(
      () => readConfig({ ...LEAST, REDIS_URL: 'redis:/user:secret@cache' }),
      (error: Error) => !error.message.includes('secret'),
    )
  })

  it('given a laptop, then the servers are where npm start puts them', () => {
    const { kafka, redis } = readConfig(localEnvironment({ KAFKA_PORT: '9999' }))
    assert.deepEqual([kafka.brokers, redis.url], [['127.0.0.1:9999'], 'redis://127.0.0.1:6379'])
  })
})
