import assert from 'node:assert/strict'
import { it } from 'node:test'
import { redisUrl } from '@sluice/test-kit/servers'
import { withEnvironment } from '../../cli/servers/environment.ts'
import { readConfig } from '../../control/environment/config.ts'

it('given a command with Redis while Kafka is away, then the message names Kafka, and where it should be', async () => {
  const config = readConfig({ KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: redisUrl() })
  const lost = withEnvironment(config, async ({ connections }) =>
    (await connections.publisher()).countPartitions('readings'),
  )
  await assert.rejects(lost, {
    message: /^Kafka at 127\.0\.0\.1:1 does not answer: .*KAFKA_BROKERS/,
  })
})
