/**
 * Prints what it receives with kafkajs: `node consumer.mjs [auto|manual]`. `auto` commits every five seconds, and at the end of each
 * batch that a broker has sent; `manual` commits each record as soon as it has been processed. Either way, what was not committed
 * before a crash is read again.
 */
import { Kafka, logLevel } from 'kafkajs'
import { BROKERS, dataText, readArgument, readEvent, TOPIC } from './telemetry.mjs'

const isManual = readArgument('auto', 'manual') === 'manual'

const kafka = new Kafka({ clientId: 'telemetry-consumer', brokers: BROKERS, logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: process.env.GROUP ?? 'kafkajs_group' })

function print(topic, partition, message) {
  let event
  try {
    event = readEvent(message)
  } catch (error) {
    // The record will never be an event, so the consumer must skip it.
    console.error(`Skipped ${topic} [${partition}] @ ${message.offset}: ${error.message}`)
    return
  }
  console.log(`Received: ${event.source} - ${dataText(event)}`)
}

await consumer.connect()
await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
await consumer.run({
  autoCommit: !isManual,
  autoCommitInterval: 5000,
  eachMessage: async ({ topic, partition, message }) => {
    print(topic, partition, message)
    // A committed offset is that of the next record to read.
    const offset = String(BigInt(message.offset) + 1n)
    if (isManual) await consumer.commitOffsets([{ topic, partition, offset }])
  },
})

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    await consumer.disconnect()
    process.exit()
  })
