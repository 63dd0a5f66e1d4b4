import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { runWithServers } from '@sluice/local-servers'
import kafkajs from 'kafkajs'
import { sendReadings } from './send.ts'
import { app } from './src/application.ts'

const LAMBDA = { port: 3002, variable: 'LAMBDA_PORT', title: "Lambda's endpoint" }
const TOPICS = ['node_modules/@sluice/runtime/dist/bin.js', 'topics', './src/application.ts']
const OFFLINE = ['node_modules/serverless/bin/serverless.js', 'offline']

// Kafka, Valkey and the function run until Ctrl-C. Their data and logs are in `.local`.
await runWithServers({ ports: [LAMBDA] }, async ({ variables, signal, run, start }) => {
  const brokers = variables.KAFKA_BROKERS ?? ''
  await run('Creating the topics', ...TOPICS)
  await start('functions', ...OFFLINE)
  const stop = await printAlerts(brokers)
  try {
    console.log('Sending two readings of the sensor "boiler": 20 °C and 95 °C')
    await sendReadings(brokers, 'boiler', 20, 95)
    const access = brokers === '127.0.0.1:9092' ? '' : `KAFKA_BROKERS=${brokers} `
    console.log(
      `Send your own from another terminal: ${access}npm run send -- boiler 99\n` +
        'Code that you save takes effect at the next start.\nCtrl-C stops everything.',
    )
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await stop()
  }
})

/** Prints the alerts from now on. Returns a function that ends it. */
async function printAlerts(brokers: string): Promise<() => Promise<void>> {
  const startedAtMs = Date.now()
  const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `terminal-${randomUUID()}` })
  await consumer.connect()
  await consumer.subscribe({ topic: app.kafkaTopic('alerts', 'local'), fromBeginning: true })
  await consumer.run({
    async eachMessage({ message: { timestamp, key, headers, value } }) {
      if (Number(timestamp) >= startedAtMs) console.log(`Alert  ${key}  ${headers?.ce_type}  ${value}`)
    },
  })
  return () => consumer.disconnect()
}
