/** Writes two readings in one transaction and aborts another, with kafkajs: `node transaction.mjs [binary|structured]`. */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { BROKERS, createRecord, readArgument, readings, TOPIC } from './telemetry.mjs'

const mode = readArgument('binary', 'structured')

const kafka = new Kafka({ clientId: 'telemetry-transaction', brokers: BROKERS, logLevel: logLevel.ERROR })
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  // A process that starts with the same id ends the open transaction of the one before it, so each process needs its own.
  transactionalId: 'telemetry-transaction-kafkajs',
  idempotent: true,
  maxInFlightRequests: 1,
})

/** Writes events, and ends their transaction with `commit` or `abort`. */
async function write(events, end) {
  const transaction = await producer.transaction()
  try {
    const messages = events.map(event => createRecord(event, mode))
    await transaction.send({ topic: TOPIC, messages, acks: -1 })
    await transaction[end]()
  } catch (error) {
    if (transaction.isActive()) await transaction.abort()
    throw error
  }
}

try {
  await producer.connect()
  const [first, second, third] = readings(3, 'kafkajs')
  await write([first, second], 'commit')
  console.log(`Committed ${first.id}, ${second.id}`)
  // Its record stays in the log, and no reader of committed records gets it.
  await write([third], 'abort')
  console.log(`Aborted ${third.id}`)
} catch (error) {
  console.error(`Transaction failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await producer.disconnect()
}
