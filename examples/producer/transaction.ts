/** Publishes two events that consumers see together or not at all: `KAFKA_BROKERS=… TOPIC=… node_modules/node/bin/node examples/producer/transaction.ts`. */
import process from 'node:process'
import { TelemetryProducer } from '../../packages/runtime/producer/index.ts'

const { KAFKA_BROKERS = '127.0.0.1:9092', TOPIC = 'sluice.telemetry.readings.local' } = process.env

const producer = new TelemetryProducer({
  kafka: { brokers: KAFKA_BROKERS.split(','), auth: 'none' },
  topic: TOPIC,
  transactionalId: 'move-sensor',
  event: { type: 'com.example.sensor.moved', source: '/sites' },
})

const { text } = await producer.transaction(async () => {
  await producer.enqueue(producer.createEvent({ left: 'osaka' }, { subject: 'sensor-1' }))
  await producer.enqueue(producer.createEvent({ reached: 'rotterdam' }, { subject: 'sensor-1' }))
})
console.log(text)
await producer.close()
