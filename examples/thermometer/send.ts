import process from 'node:process'
import { TelemetryProducer } from '@sluice/runtime/producer'
import { CloudEvent } from 'cloudevents'
import { app, TEMPERATURE_MEASURED } from './src/application.ts'

/** Publishes readings of a sensor. */
export async function sendReadings(
  brokers: string,
  sensor: string,
  ...celsius: readonly number[]
): Promise<void> {
  const producer = new TelemetryProducer({
    kafka: { brokers: brokers.split(','), auth: 'none' },
    topic: app.kafkaTopic('readings', 'local'),
  })
  try {
    for (const value of celsius) {
      const attributes = { type: TEMPERATURE_MEASURED, source: '/sensors', subject: sensor }
      await producer.publish(new CloudEvent({ ...attributes, data: { celsius: value } }))
    }
  } finally {
    await producer.close()
  }
}

if (import.meta.main) {
  const [sensor, ...values] = process.argv.slice(2)
  const celsius = values.map(Number)
  if (sensor === undefined || celsius.length === 0 || celsius.some(Number.isNaN)) {
    console.error('Usage: npm run send -- SENSOR CELSIUS..., for example: npm run send -- boiler 95')
    process.exit(2)
  }
  await sendReadings(process.env.KAFKA_BROKERS ?? '127.0.0.1:9092', sensor, ...celsius)
}
