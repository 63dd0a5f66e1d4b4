import kafkajs, { type Message, type Producer } from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading } from '#runtime/test/support/records'
import { createTopics } from '../../localstack/local-topics.ts'
import { names } from '../kit/vocabulary.ts'

const ENTITIES = 100
const RECORDS_A_CALL = 1_000

/** Expected statistics of some readings. */
export interface Total {
  readonly count: number
  readonly sum: number
  /** Sum of the squares. */
  readonly squares: number
  readonly minimum: number
  readonly maximum: number
  readonly last: number
  readonly lastAtMs: number
}

/** Expected statistics of a sensor, those of each minute by its start in minutes since the epoch. */
export interface Expected {
  readonly all: Total
  readonly minutes: ReadonlyMap<number, Total>
}

/** Writes the readings of one environment, and counts what has to come of them by itself. */
export class Readings {
  readonly env: string
  readonly topic: string
  readonly #producer: Producer
  readonly #expected = new Map<string, { all: Total; readonly minutes: Map<number, Total> }>()
  #sent = 0

  private constructor(env: string, producer: Producer) {
    this.env = env
    this.topic = names.topicName('readings', env)
    this.#producer = producer
  }

  /** Creates the topics of the environment. */
  static async open(broker: string, env: string): Promise<Readings> {
    await createTopics({ brokers: [broker], env, names })
    const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    return new Readings(env, producer)
  }

  /** Expected statistics by sensor. */
  get expected(): ReadonlyMap<string, Expected> {
    return this.#expected
  }

  get sent(): number {
    return this.#sent
  }

  /** Writes as many as fast as possible. */
  async fill(count: number): Promise<void> {
    const end = this.#sent + count
    while (this.#sent < end) await this.#send(Math.min(RECORDS_A_CALL, end - this.#sent))
  }

  /** Writes them at this rate for this time: a call every 5 ms that does not wait for the one before. */
  async flow(perSecond: number, forMs: number): Promise<void> {
    const beganAtMs = performance.now()
    const calls = new Set<Promise<unknown>>()
    const [first, count] = [this.#sent, (perSecond * forMs) / 1000]
    while (this.#sent - first < count) {
      const passed = Math.floor(((performance.now() - beganAtMs) * perSecond) / 1000)
      const due = Math.min(passed, count) - (this.#sent - first)
      if (due > 0) {
        const call = this.#send(due).finally(() => calls.delete(call))
        calls.add(call)
      }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await Promise.all(calls)
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }

  #send(count: number): Promise<unknown> {
    const messages = Array.from({ length: count }, () => this.#next())
    return this.#producer.send({ topic: this.topic, messages, acks: 1 })
  }

  #next(): Message {
    const n = this.#sent++
    const sensor = `s-${n % ENTITIES}`
    // Values of one digit behind the point, of which a sum in any order is the same to many more.
    const temperature = ((n * 7919) % 500) / 10
    const timeMs = Date.now()
    const { all, minutes } = this.#expected.get(sensor) ?? { all: undefined, minutes: new Map() }
    const minute = Math.floor(timeMs / 60_000)
    minutes.set(minute, withValue(minutes.get(minute), temperature, timeMs))
    this.#expected.set(sensor, { all: withValue(all, temperature, timeMs), minutes })
    const time = new Date(timeMs).toISOString()
    const reading = environmentReading(`r-${n}`, { sensor, temperature, time })
    // Structured, because Restate does not pass the headers of a record on.
    const { value, headers } = writeEvent(reading, 'structured')
    return { key: sensor, value, headers: Object.fromEntries(headers) }
  }
}

function withValue(before: Total | undefined, value: number, timeMs: number): Total {
  return {
    count: (before?.count ?? 0) + 1,
    sum: (before?.sum ?? 0) + value,
    squares: (before?.squares ?? 0) + value ** 2,
    minimum: Math.min(before?.minimum ?? value, value),
    maximum: Math.max(before?.maximum ?? value, value),
    last: value,
    lastAtMs: timeMs,
  }
}
