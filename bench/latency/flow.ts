import kafkajs, { type Consumer, type Kafka, type Message, type Producer } from 'kafkajs'
import { writeEvent } from '../../lib/cloudevents/writer.ts'
import { topicName } from '../../lib/domain/topics.ts'
import { createTopics } from '../../localstack/topics.ts'
import { environmentReading } from '../../test/support/records.ts'
import { percentile } from '../kit/statistics.ts'

export interface Latency {
  readonly p50: number
  readonly p99: number
}

const SENSORS = 500
const [HOT, COOL] = [45, 20]
/** So long after the last reading the last alert must be there. */
const WITHIN_MS = 30_000

/**
 * Readings of which each changes the state of an alert, at a steady rate; and the alerts that come of them. A reading's time
 * is when it was sent, the alert says that time, and the broker says when it had the alert: no reader's delay is in between.
 */
export class Flow {
  readonly #producer: Producer
  readonly #consumer: Consumer
  readonly #topic: string
  #sent = 0
  /** How long each alert took, by its id: one that is published again does not count again. */
  readonly #alerts = new Map<string, number>()

  private constructor(kafka: Kafka, env: string) {
    this.#producer = kafka.producer()
    // In few and large fetches: when it reads an alert changes nothing of how long that took.
    this.#consumer = kafka.consumer({ groupId: `flow-${env}`, minBytes: 256 * 1024, maxWaitTimeInMs: 500 })
    this.#topic = topicName('readings', env)
  }

  /** Creates the topics of the environment. */
  static async open(broker: string, env: string): Promise<Flow> {
    await createTopics({ brokers: [broker], env })
    const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
    await noteAppends(kafka, topicName('alerts', env))
    const flow = new Flow(kafka, env)
    await flow.#producer.connect()
    await flow.#consumer.connect()
    await flow.#consumer.subscribe({ topic: topicName('alerts', env), fromBeginning: true })
    await flow.#consumer.run({
      eachMessage: async ({ message: { value, headers, timestamp } }) => {
        const { status, firedAt, resolvedAt } = JSON.parse(String(value))
        const at = Date.parse(status === 'firing' ? firedAt : resolvedAt)
        const id = String(headers?.ce_id)
        if (!flow.#alerts.has(id)) flow.#alerts.set(id, Number(timestamp) - at)
      },
    })
    return flow
  }

  /** Sends so many readings a second, for so long, and waits for their alerts. */
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
        throw new Error(`of ${count} alerts ${this.#alerts.size} came within ${WITHIN_MS} ms`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

/** The broker's clock on a topic whose records have their producer's otherwise. */
async function noteAppends(kafka: Kafka, name: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}

/** With each time that it comes round, a sensor is too hot, or no longer. */
function reading(n: number): Message {
  const sensor = `s-${n % SENSORS}`
  const temperature = Math.floor(n / SENSORS) % 2 === 0 ? HOT : COOL
  const time = new Date().toISOString()
  const { value, headers } = writeEvent(environmentReading(`r-${n}`, { sensor, temperature, time }))
  return { key: sensor, value, headers: Object.fromEntries(headers) }
}
