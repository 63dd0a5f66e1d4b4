/**
 * Publishes the motion of simulated devices, as Protobuf, until it is stopped. With SCHEMA_REGISTRY_URL, its schema is in a
 * registry, and each record has its id. Without it, consumers read it by the schema that Sluice ships.
 */
import { readFile } from 'node:fs/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import protobuf from 'protobufjs'
import { framed, registered } from './registry.mjs'

const { KAFKA_BROKERS = '127.0.0.1:9092', TOPIC = 'sluice.telemetry.readings.local' } = process.env
const { SCHEMA_REGISTRY_URL = '' } = process.env
const DEVICES = Number(process.env.DEVICES ?? 10)
const MODEL = 'tracker'
/** Each device sends one reading in this time. */
const EVERY_MS = 1000
const GRAVITY = 9.81

const schema = await readFile(new URL('./device.motion.v1.proto', import.meta.url), 'utf8')
const DeviceMotion = protobuf.parse(schema).root.lookupType('io.sluice.device.motion.v1.DeviceMotion')
const id = SCHEMA_REGISTRY_URL
  ? await registered(SCHEMA_REGISTRY_URL, `${DeviceMotion.fullName.slice(1)}`, schema)
  : undefined

const kafka = new Kafka({
  clientId: 'device-producer-proto',
  brokers: KAFKA_BROKERS.split(','),
  logLevel: logLevel.ERROR,
})
// murmur2 of the key, as in Java clients: all readings of a model are in one partition, where Sluice expects them.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

/** A CloudEvent in binary mode: attributes in headers, data in the value. */
function record(deviceId, nowMs) {
  const time = new Date(nowMs).toISOString()
  const swing = Math.sin(nowMs / 700 + deviceId.length)
  const bytes = DeviceMotion.encode({ deviceId, model: MODEL, x: swing, y: 2 * swing, z: GRAVITY }).finish()
  return {
    key: MODEL,
    value: id === undefined ? Buffer.from(bytes) : framed(id, bytes),
    headers: {
      'content-type': 'application/protobuf',
      ce_specversion: '1.0',
      // The id is derived from device and time, so a repeated event is noticed.
      ce_id: `${deviceId}@${time}`,
      ce_type: 'io.sluice.device.motion.v1',
      ce_source: `/device/${MODEL}`,
      ce_subject: deviceId,
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
  const messages = Array.from({ length: DEVICES }, (_, n) => record(`${MODEL}-${n + 1}`, nowMs))
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
    `sends ${DEVICES} readings a second to ${TOPIC}${id === undefined ? '' : `, with schema ${id}`}`,
  )
  timer = setInterval(() => {
    // While Kafka is away there are no readings, rather than more and more of them that wait.
    sending ??= send(Date.now()).finally(() => {
      sending = undefined
    })
  }, EVERY_MS)
}
