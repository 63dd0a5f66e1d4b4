import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Context } from 'aws-lambda'
import { DIMENSIONS } from '#runtime/operating/reports'
import { readMetrics } from '#runtime/test/support/function-log'
import { environmentReading, kafkaEvent, logRecord } from '#runtime/test/support/records'
import { kafkaConsumer } from '../../../lib/app/handlers/kafka-consumer.ts'

const NOWHERE = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

it('given a deployed consumer, then its metrics have the dimensions that alarms look for, with its stage', async () => {
  Object.assign(process.env, { ...NOWHERE, SLUICE_ENV: 'prod', REPORT_BATCH_ITEM_FAILURES: 'true' })
  const sink = { name: 'bell', accepts: [], deliver: async () => [] }
  // The consumer reserves more time than there is, so the batch waits in Kafka, and no server is asked.
  const handler = kafkaConsumer('bell', sink, { reserveMs: 60_001 })
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context
  const batch = kafkaEvent([logRecord(0, environmentReading('a'))])
  const metrics = await readMetrics(async () => handler(batch, context))
  const values = { environment: 'prod', service: 'bell' }
  const whole = DIMENSIONS.whole.map(name => `${name}=${values[name]}`).sort()
  const found = (name: string) => metrics.get(name)?.dimensions.map(pairs => pairs.split(' ').sort())
  for (const name of ['deferred', 'lagSeconds']) assert.deepEqual(found(name), [whole], name)
})
