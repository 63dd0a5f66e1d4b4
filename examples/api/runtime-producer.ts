import assert from 'node:assert/strict'
import process from 'node:process'
import { TelemetryProducer } from '@sluice/runtime/producer'
import { CloudEvent } from 'cloudevents'

const { KAFKA_BROKERS = '127.0.0.1:9092', TOPIC = 'orders' } = process.env

const producer = new TelemetryProducer({
  kafka: { brokers: KAFKA_BROKERS.split(','), auth: 'none' },
  topic: TOPIC,
})
const order = new CloudEvent({
  type: 'com.example.order.placed',
  source: '/shop',
  subject: 'c-1',
  data: { orderId: 'a', cents: 250 },
})
const { topic, offset } = await producer.publish(order)
await producer.close()

assert.equal(topic, TOPIC)
assert(offset >= 0)
