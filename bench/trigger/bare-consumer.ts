import process from 'node:process'
import { Kafka, logLevel } from 'kafkajs'
import { plainEvent } from './plain-event.ts'

// The baseline: a plain kafkajs consumer that calls the handler in its own process, a hundred records at a time, and lets
// kafkajs commit. It starts at the oldest record and ends on SIGTERM.

const [brokers = '', topic = '', groupId = '', handlerFile = '', batchSize = '100'] = process.argv.slice(2)
const { handler } = await import(handlerFile)
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 })

consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'))
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
    for (let from = 0; from < batch.messages.length; from += Number(batchSize)) {
      const messages = batch.messages.slice(from, from + Number(batchSize))
      await handler(plainEvent(topic, batch.partition, messages, brokers))
      resolveOffset(messages.at(-1)?.offset ?? '')
      await heartbeat()
    }
  },
})
process.on('SIGTERM', () => void consumer.disconnect().finally(() => process.exit()))
