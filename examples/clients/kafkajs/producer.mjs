/** Sends readings with kafkajs: `node producer.mjs [binary|structured] [COUNT]`. */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { BROKERS, createRecord, readArgument, readings, TOPIC } from './telemetry.mjs'

const mode = readArgument('binary', 'structured')
const count = Number(process.argv[3] ?? 9)

const kafka = new Kafka({ clientId: 'telemetry-producer', brokers: BROKERS, logLevel: logLevel.ERROR })
// murmur2 of the key, as in Java clients. `LegacyPartitioner`, the default before version 2, chooses other partitions.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

try {
  await producer.connect()
  const messages = readings(count, 'kafkajs').map(event => createRecord(event, mode))
  // All replicas acknowledge. One answer for each partition, with the offset of the first record that went there.
  const places = await producer.send({ topic: TOPIC, messages, acks: -1 })
  for (const { topicName, partition, baseOffset } of places)
    console.log(`Delivered to ${topicName} [${partition}] @ ${baseOffset}`)
} catch (error) {
  console.error(`Delivery failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await producer.disconnect()
}
