/**
 * Publishes simulated readings from an application of one's own: `KAFKA_BROKERS=… TOPIC=… node_modules/node/bin/node examples/producer/publish.ts 100`.
 * Under `npm start`, the brokers are 127.0.0.1:9092 and the topic is sluice.telemetry.readings.local.
 */
import process from 'node:process'
import { CloudEvent } from 'cloudevents'
import { deliveryText, TelemetryProducer } from '#runtime/producer'
import { FAMILIES, readSettings } from '../../lib/app/settings/index.ts'
import { readingKey, SensorDataGenerator } from './sensor-data-generator.ts'

const { KAFKA_BROKERS = '127.0.0.1:9092', TOPIC = 'sluice.telemetry.readings.local' } = process.env
const count = Number(process.argv[2] ?? 10)

const { families } = readSettings([FAMILIES])

const producer = new TelemetryProducer({
  kafka: { brokers: KAFKA_BROKERS.split(','), auth: 'none' },
  topic: TOPIC,
  profile: 'balanced',
  key: event => readingKey(families, event),
  onDelivery: report => console.log(deliveryText(report)),
})
// Waiting events are delivered before the process ends.
process.once('SIGTERM', () => void producer.close())

// 1. Many: `enqueue` waits only while too much is on its way.
const generator = new SensorDataGenerator(families, { family: 'environment' })
for (let n = 0; n < count; n++) await producer.enqueue(generator.generate())

// 2. One whose delivery matters now.
const { partition, offset } = await producer.publish(
  new CloudEvent({
    type: 'com.example.room.entered',
    source: '/doors/1',
    subject: 'room-7',
    data: { badge: 12 },
  }),
)
console.log(`The door's event is number ${offset} of partition ${partition}`)

// 3. One in the trace that led to it.
await producer.publish(
  new CloudEvent({
    type: 'com.example.job.finished',
    source: '/jobs',
    subject: 'nightly',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: { rows: 120 },
  }),
)

const { messages_sent, errors, bytes_sent, latency_ms } = producer.metrics()
console.log(
  `${bytes_sent} bytes, acknowledged within ${latency_ms.p50} ms (p50) and ${latency_ms.p99} ms (p99)`,
)
console.log(`${messages_sent} sent, ${errors} errors`)
await producer.close()
