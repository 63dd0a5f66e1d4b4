import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from 'aws-lambda'
import { json } from '../../../cloudevents/plain-json.ts'
import { application } from '../../../consumer/authored-application.ts'
import { clockHandler } from '../../../lambda/clock-handler.ts'
import { forwarderHandler } from '../../../lambda/forwarder-handler.ts'
import { kafkaHandler } from '../../../lambda/kafka-handler.ts'
import { kafkaEvent, logRecord } from '../../../testing/records.ts'
import { readMetrics } from '../../support/function-log.ts'

const SINK = { name: 'bell', accepts: [], deliver: async () => [] }
const FORWARDER = { name: 'mover', from: [], forward: () => assert.fail('there are no records') }
const SERVERS = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

/** Makes and starts a handler, with these variables. */
async function startHandler<Handler extends { start(): Promise<unknown> }>(
  make: () => Handler,
  variables: Record<string, string>,
): Promise<Handler> {
  const before = process.env
  process.env = { ...before, ...SERVERS, REPORT_BATCH_ITEM_FAILURES: 'true', ...variables }
  try {
    const handler = make()
    await handler.start()
    return handler
  } finally {
    process.env = before
  }
}

describe('the name of an application', () => {
  const shop = application({ name: 'my-shop', topics: ['orders'], read: json() })

  // Promise packages/runtime/README.md#names | The application's name begins the namespace of metrics, attributes of spans and variables.
  it('given it, then metrics have it as their namespace, and the environment of its own variable', async () => {
    // The function reserves more time than there is, so the batch waits in Kafka, and no server is asked.
    const variables = { MY_SHOP_ENV: 'eu', SLUICE_ENV: 'other', APP_ENV: 'other' }
    const handler = await startHandler(
      () => kafkaHandler(shop, 'bell', SINK, { reserveMs: 60_001 }),
      variables,
    )
    const batch = kafkaEvent([logRecord(0, { value: Buffer.from('{}') }, { topic: 'orders' })])
    const context = { getRemainingTimeInMillis: () => 60_000 } as Context
    const metrics = await readMetrics(async () => handler(batch, context), 'My-shop')
    assert.match(metrics.get('deferred')?.dimensions[0] ?? '', /environment=eu/)
  })

  it('given variables that are wrong, then the message of each handler names those of the application', async () => {
    const wrong = { MY_SHOP_ENV: 'Not Allowed', MY_SHOP_SINCE: 'yesterday' }
    await assert.rejects(
      startHandler(() => kafkaHandler(shop, 'bell', SINK), wrong),
      /MY_SHOP_ENV: must be .*MY_SHOP_SINCE: must be an instant/s,
    )
    const others = [() => clockHandler(shop, 'clock', []), () => forwarderHandler(shop, 'mover', FORWARDER)]
    for (const make of others) await assert.rejects(startHandler(make, wrong), /MY_SHOP_ENV: must be /)
  })

  it('given none, then a plain name stands for it', async () => {
    const plain = application({ topics: ['orders'] })
    await assert.rejects(
      startHandler(() => kafkaHandler(plain, 'bell', SINK), { APP_ENV: 'Not Allowed' }),
      /APP_ENV: must be /,
    )
    assert.deepEqual([plain.tickType, plain.failureEvent.type], ['app.tick', 'app.failure'])
  })

  it('given one that cannot begin a variable, then it is refused', () => {
    for (const name of ['', 'Shop', 'my shop', '1st', 'a'.repeat(32)])
      assert.throws(() => application({ name, topics: ['orders'] }), /name: must be up to 31 lower-case/)
  })
})
