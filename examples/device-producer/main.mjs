/**
 * Publishes the motion of simulated devices, as JSON, until it is stopped: a program of one's own beside Sluice, which shares
 * only the form of a record with it.
 */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { readings, readingsTopic } from './devices.mjs'

const { KAFKA_BROKERS = '127.0.0.1:9092' } = process.env
const TOPIC = readingsTopic(process.env)
const DEVICES = Number(process.env.DEVICES ?? 10)
/** Each device sends one reading in this time. */
const EVERY_MS = 1000

const kafka = new Kafka({
  clientId: 'device-producer',
  brokers: KAFKA_BROKERS.split(','),
  logLevel: logLevel.ERROR,
})
// murmur2 of the key, as in Java clients: all readings of a model are in one partition, where Sluice expects them.
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

/** A CloudEvent in binary mode: attributes in headers, data in the value. */
function record({ id, time, data }) {
  return {
    key: data.model,
    value: JSON.stringify(data),
    headers: {
      'content-type': 'application/json',
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
  const messages = readings(DEVICES, nowMs).map(record)
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
  console.log(`sends ${DEVICES} readings a second to ${TOPIC}`)
  timer = setInterval(() => {
    // While Kafka is away there are no readings, rather than more and more of them that wait.
    sending ??= send(Date.now()).finally(() => {
      sending = undefined
    })
  }, EVERY_MS)
}
