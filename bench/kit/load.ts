import { createTopic } from '@sluice/test-kit/create-topic'
import { Kafka, logLevel, type Producer } from 'kafkajs'

/** The size of a record in bytes, about that of a small reading in JSON. */
const VALUE_BYTES = 512
const RECORDS_A_CALL = 1_000

/** Creates topics and fills them. */
export class Load {
  readonly #kafka: Kafka
  readonly #producer: Producer

  private constructor(brokers: readonly string[]) {
    this.#kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
    this.#producer = this.#kafka.producer()
  }

  static async connect(brokers: readonly string[]): Promise<Load> {
    const load = new Load(brokers)
    await load.#producer.connect()
    return load
  }

  async topic(topic: string, numPartitions: number): Promise<void> {
    const admin = this.#kafka.admin()
    await admin.connect()
    await createTopic(admin, { topic, numPartitions })
    await admin.disconnect()
  }

  /** Writes `count` records as fast as possible, spread evenly over the partitions. */
  async fill(topic: string, count: number): Promise<void> {
    for (let from = 0; from < count; from += RECORDS_A_CALL) {
      await this.#send(topic, from, Math.min(RECORDS_A_CALL, count - from))
    }
  }

  /** Writes records at this rate for this time: a call every 5 ms that does not wait for the previous one. */
  async flow(topic: string, perSecond: number, forMs: number): Promise<void> {
    const beganAtMs = performance.now()
    const calls = new Set<Promise<void>>()
    let sent = 0
    while (sent < (perSecond * forMs) / 1000) {
      const due = Math.floor(((performance.now() - beganAtMs) * perSecond) / 1000) - sent
      if (due > 0) {
        const call = this.#send(topic, sent, due).finally(() => calls.delete(call))
        calls.add(call)
        sent += due
      }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await Promise.all(calls)
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }

  async #send(topic: string, from: number, count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, n) => reading(from + n))
    await this.#producer.send({ topic, messages, acks: 1 })
  }
}

function reading(n: number) {
  const producedAtMs = performance.timeOrigin + performance.now()
  const value = { id: `r-${n}`, sensor: `sensor-${n % 500}`, producedAtMs, value: n % 97, note: '' }
  value.note = 'x'.repeat(Math.max(0, VALUE_BYTES - JSON.stringify(value).length))
  // Without a key, kafkajs distributes the records round-robin.
  return { key: null, value: JSON.stringify(value) }
}
