import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Context, ScheduledEvent } from 'aws-lambda'
import type { Kafka } from '../../../adapters/kafka/client.ts'
import { KafkaClients } from '../../../lambda/kafka-clients.ts'
import { createScheduledHandler } from '../../../lambda/scheduled-handler.ts'
import { KafkaPublisher } from '../../../producer/publisher.ts'
import { generalSettings } from '../../../settings/general.ts'
import { KAFKA } from '../../../settings/kafka.ts'
import { readMetrics } from '../../support/function-log.ts'

const SLICES = [generalSettings('shop'), KAFKA] as const
const RECORD = { topic: 'a', partition: 0, key: null, value: Buffer.from('x'), headers: [] }

class OnKafka extends KafkaClients {
  override readonly kafka = async () => ({}) as Kafka
}

it('given a scheduled function that publishes, then each publishing is measured once, in its environment', async () => {
  Object.assign(process.env, { SHOP_ENV: 'test', KAFKA_BROKERS: '127.0.0.1:1', AWS_REGION: 'eu-west-1' })
  let times = 2
  KafkaPublisher.prototype.publish = async () => []
  const handler = createScheduledHandler(
    'ticking',
    OnKafka,
    SLICES,
    async ({ connections, telemetry }) => {
      const publisher = await connections.publisher()
      for (let at = 0; at < times; at += 1) await publisher.publish([RECORD])
      telemetry.count('things', 3)
      return {}
    },
    'shop',
  )
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context
  const run = () => handler({} as ScheduledEvent, context)
  const first = await readMetrics(run, 'Shop')
  assert.equal(first.get('publishMs')?.values.length, 2)
  assert.deepEqual(first.get('publishMs')?.dimensions, ['service=ticking environment=test'])
  assert.deepEqual(first.get('things')?.dimensions, ['service=ticking environment=test'])

  times = 1
  assert.equal(
    (await readMetrics(run, 'Shop')).get('publishMs')?.values.length,
    1,
    'what was written is not written again',
  )

  KafkaPublisher.prototype.publish = () => Promise.reject(new Error('refused'))
  const refused = await readMetrics(() => assert.rejects(run()), 'Shop')
  assert.equal(refused.get('publishMs')?.values.length, 1, 'one that fails is measured as well')
})
