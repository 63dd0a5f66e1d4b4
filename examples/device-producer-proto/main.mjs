/**
 * Publishes the motion of simulated devices, as Protobuf, until it is stopped. With SCHEMA_REGISTRY_URL, its schema is in a
 * registry, and each record has its id. Without it, consumers read it by the schema that Sluice ships.
 */
import { readFile } from 'node:fs/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import protobuf from 'protobufjs'
import { readings, readingsTopic } from './devices.mjs'
import { framed, registered } from './registry.mjs'

const { KAFKA_BROKERS = '127.0.0.1:9092' } = process.env
const TOPIC = readingsTopic(process.env)
const { SCHEMA_REGISTRY_URL = '' } = process.env
const DEVICES = Number(process.env.DEVICES ?? 10)
/** Each device sends one reading in this time. */
const EVERY_MS = 1000

const schema = await readFile(new URL('./device.motion.v1.proto', import.meta.url), 'utf8')
const DeviceMotion = protobuf.parse(schema).root.lookupType('io.sluice.device.motion.v1.DeviceMotion')
const schemaId = SCHEMA_REGISTRY_URL
  ? await registered(SCHEMA_REGISTRY_URL, DeviceMotion.fullName.slice(1), schema).catch(({ message }) => {
      console.error(message)
      process.exit(1)
    })
  : undefined

const kafka = new Kafka({
  clientId: 'device-producer-proto',
  brokers: KAFKA_BROKERS.split(','),
  logLevel: logLevel.ERROR,
})
// murmur2 of the key, as in Java clients: all readings of a model are in one partition, where Sluice expects them.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

/** A CloudEvent in binary mode: attributes in headers, data in the value. */
function record({ id, time, data }) {
  const bytes = DeviceMotion.encode(data).finish()
  return {
    key: data.model,
    value: schemaId === undefined ? Buffer.from(bytes) : framed(schemaId, bytes),
    headers: {
      'content-type': 'application/protobuf',
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: 'io.sluice.device.motion.v1',
      ce_source: `/device/${data.model}`,
      ce_subject: data.deviceId,
      ce_time: time,
    },
  }
}

let timer
let isStopping = false
let sent = 0
/** Request in flight, if any. A reading that cannot be delivered is dropped and logged: the next one follows in a second. */
let sending

async function send(nowMs) {
  const messages = readings(DEVICES, nowMs, 'p').map(record)
  try {
    await producer.send({ topic: TOPIC, messages, acks: -1 })
    sent += messages.length
  } catch (error) {
    console.error(`${messages.length} readings were not delivered: ${error.message}`)
  }
}

async function stop() {
  isStopping = true
  clearInterval(timer)
  await sending
  await producer.disconnect()
  console.log(`${sent} readings were delivered`)
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
await producer.connect()
if (isStopping) await producer.disconnect()
else {
  console.log(
    `sends ${DEVICES} readings a second to ${TOPIC}${schemaId === undefined ? '' : `, with schema ${schemaId}`}`,
  )
  timer = setInterval(() => {
    // While Kafka is away there are no readings, rather than more and more of them that wait.
    sending ??= send(Date.now()).finally(() => {
      sending = undefined
    })
  }, EVERY_MS)
}
