import kafkajs, { type Consumer, type Kafka, type Message, type Producer } from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading } from '#runtime/test/support/records'
import { createTopics } from '../../localstack/local-topics.ts'
import { percentile } from '../kit/statistics.ts'
import '@sluice/test-kit/foreign-codecs'
import { names } from '../kit/vocabulary.ts'

export interface Latency {
  readonly p50: number
  readonly p99: number
}

const SENSORS = 500
const [HOT, COOL] = [45, 20]
/** The last alert must arrive within this time after the last reading. */
const WITHIN_MS = 30_000

/**
 * Sends readings at a steady rate, each of which changes the state of an alert, and measures the latency of the alerts: from
 * the time of the reading, which is when it was sent, to the broker's append time of the alert. The delay of the consumer
 * that reads the alerts does not count.
 */
export class Flow {
  readonly #producer: Producer
  readonly #consumer: Consumer
  readonly #topic: string
  #sent = 0
  /** The latency of each alert by its id, so that an alert that is published again counts once. */
  readonly #alerts = new Map<string, number>()

  private constructor(kafka: Kafka, env: string) {
    this.#producer = kafka.producer()
    // Few and large fetches: it does not matter for the latency when this consumer reads an alert.
    this.#consumer = kafka.consumer({ groupId: `flow-${env}`, minBytes: 256 * 1024, maxWaitTimeInMs: 500 })
    this.#topic = names.topicName('readings', env)
  }

  /** Creates the topics of the environment. */
  static async open(broker: string, env: string): Promise<Flow> {
    await createTopics({ brokers: [broker], env, names })
    const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
    await noteAppends(kafka, names.topicName('alerts', env))
    const flow = new Flow(kafka, env)
    await flow.#producer.connect()
    await flow.#consumer.connect()
    await flow.#consumer.subscribe({ topic: names.topicName('alerts', env), fromBeginning: true })
    await flow.#consumer.run({
      eachMessage: async ({ message: { value, headers, timestamp } }) => {
        const { status, startedAt, endedAt } = JSON.parse(String(value))
        const at = Date.parse(status === 'firing' ? startedAt : endedAt)
        const id = String(headers?.ce_id)
        if (!flow.#alerts.has(id)) flow.#alerts.set(id, Number(timestamp) - at)
      },
    })
    return flow
  }

  /** Sends readings at this rate for this time, and waits for their alerts. */
  async measure(perSecond: number, forMs: number): Promise<Latency> {
    this.#alerts.clear()
    const first = this.#sent
    const beganAtMs = performance.now()
    const calls = new Set<Promise<unknown>>()
    const count = Math.ceil((perSecond * forMs) / 1000)
    while (this.#sent - first < count) {
      const passedMs = performance.now() - beganAtMs
      const due = Math.min(Math.floor((passedMs * perSecond) / 1000), count) - (this.#sent - first)
      if (due > 0) {
        const messages = Array.from({ length: due }, () => reading(this.#sent++))
        const call = this.#producer
          .send({ topic: this.#topic, messages, acks: 1 })
          .finally(() => calls.delete(call))
        calls.add(call)
      }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await Promise.all(calls)
    await this.#untilAlerts(count)
    const latencies = [...this.#alerts.values()]
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.disconnect(), this.#consumer.disconnect()])
  }

  async #untilAlerts(count: number): Promise<void> {
    const giveUpAtMs = Date.now() + WITHIN_MS
    while (this.#alerts.size < count) {
      if (Date.now() > giveUpAtMs)
        throw new Error(`only ${this.#alerts.size} of ${count} alerts arrived within ${WITHIN_MS} ms`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

/** Makes the broker stamp the records of a topic with its append time, instead of the producer's time. */
async function noteAppends(kafka: Kafka, name: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}

/** A sensor is alternately too hot and cool again, so every reading fires or resolves an alert. */
function reading(n: number): Message {
  const sensor = `s-${n % SENSORS}`
  const temperature = Math.floor(n / SENSORS) % 2 === 0 ? HOT : COOL
  const time = new Date().toISOString()
  const { value, headers } = writeEvent(environmentReading(`r-${n}`, { sensor, temperature, time }))
  return { key: sensor, value, headers: Object.fromEntries(headers) }
}
