/** The readings of the benchmark. */
import kafkajs, { type Message } from 'kafkajs'
import { topicName } from '../../lib/app/topics.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { environmentReading } from '../../test/support/records.ts'

const SENSORS = 500
const [HOT, COOL] = [45, 20]
const BROKEN_EACH = 10
const AT_ONCE = 1_000
/** Blanks behind the data of a large reading: 500 of them are an event of the largest size. */
const LARGE_BYTES = 8_000

/** Each reading changes the state of an alert; of the small ones, every tenth cannot be read. */
export async function produceReadings(
  broker: string,
  env: string,
  { small, large }: { readonly small: number; readonly large: number },
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  try {
    for (let at = 0; at < small + large; at += AT_ONCE) {
      const count = Math.min(AT_ONCE, small + large - at)
      const messages = Array.from({ length: count }, (_, i) => reading(at + i, at + i >= small))
      await producer.send({ topic: topicName('readings', env), messages })
    }
  } finally {
    await producer.disconnect()
  }
}

function reading(n: number, isLarge: boolean): Message {
  const sensor = `s-${n % SENSORS}`
  const temperature = Math.floor(n / SENSORS) % 2 === 0 ? HOT : COOL
  const event = environmentReading(`r-${n}`, { sensor, temperature, time: new Date().toISOString() })
  const { value, headers } = writeEvent(event)
  const small = n % BROKEN_EACH === 0 ? 'no JSON' : String(value)
  const large = `${value}${' '.repeat(LARGE_BYTES)}`
  return { key: sensor, value: isLarge ? large : small, headers: Object.fromEntries(headers) }
}
