import assert from 'node:assert/strict'
import { application, json } from '@sluice/runtime'
import { kafkaHandler } from '@sluice/runtime/lambda'
import { kafkaEvent, logRecord } from '@sluice/runtime/testing'

const shop = application({ name: 'shop', topics: ['orders'], read: json() })
const counts = shop.process<number>('counts', { onEvent: (count = 0) => count + 1 })

export const handler = kafkaHandler(counts)

// A call as Lambda makes it. KAFKA_BROKERS and REDIS_URL name the servers; with IS_LOCAL=true it is the only call.
const record = logRecord(0, { key: Buffer.from('c-1'), value: Buffer.from('{}') }, { topic: 'orders' })
const answer = await handler(kafkaEvent([record]), { getRemainingTimeInMillis: () => 30_000 })
assert.deepEqual(answer, { batchItemFailures: [] })
