import process from 'node:process'
import { Kafka, logLevel } from 'kafkajs'

// The baseline: a plain consumer that produces an alert for every reading, acknowledged by all replicas before the offset is
// committed. It has no state, so it publishes alerts again after a restart.

const [broker = '', readings = '', alerts = ''] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `bare-${readings}`, maxWaitTimeInMs: 200 })
const producer = kafka.producer()

consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'))
await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic: readings, fromBeginning: true })
await consumer.run({
  eachBatch: async ({ batch }) => {
    const messages = batch.messages.map(({ key, headers }) => ({
      key,
      headers: { ce_id: headers?.ce_id },
      value: JSON.stringify({ status: 'firing', startedAt: String(headers?.ce_time) }),
    }))
    await producer.send({ topic: alerts, messages, acks: -1 })
  },
})
process.on('SIGTERM', () => void consumer.disconnect().finally(() => process.exit()))
