import type { Message } from 'kafkajs'
import kafkajs from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents'
import { derivedId, type Event } from '#runtime/consumer'
import { resolveSignals } from '../../lib/app/naming/topic-table.ts'
import { compilePlan } from '../../lib/views/language/compile-plan.ts'
import { parse } from '../../lib/views/language/parser.ts'
import type { ActivatedPlan } from '../../lib/views/plan.ts'
import { createActivationEvent } from '../../lib/views/plan-activation.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { families, names } from '../kit/vocabulary.ts'
import type { TableKind } from './side.ts'

const RECORDS_A_CALL = 2_000
const FIRST_MS = Date.parse('2026-03-01T12:00:00Z')

const STREAM = `CREATE STREAM device_readings (device_id VARCHAR KEY, x DOUBLE)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');`
const COLUMNS = 'device_id, COUNT(*) AS readings, SUM(x) AS sum_x, MIN(x) AS min_x, MAX(x) AS max_x'
const WINDOW = 'WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 30 SECONDS)'

/** Returns the plan of the table that both sides keep. */
export function getPlan(kind: TableKind): ActivatedPlan {
  return planFrom(statements(kind))
}

function statements(kind: TableKind): string {
  const window = kind === 'windows' ? WINDOW : ''
  return `${STREAM} CREATE TABLE bench AS SELECT ${COLUMNS} FROM device_readings ${window} GROUP BY device_id;`
}

function planFrom(text: string): ActivatedPlan {
  return {
    ...compilePlan(families, [{ name: 'bench.sql', text }], parse),
    hash: derivedId('bench', text),
    building: [],
  }
}

/** Appends the plan to all partitions of the topics that the function `views` reads. The topics must exist. */
export async function activatePlan(place: {
  readonly broker: string
  readonly env: string
  /** Statements of the tables. */
  readonly text: string
}): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [place.broker], logLevel: kafkajs.logLevel.NOTHING })
  const [producer, admin] = [kafka.producer(), kafka.admin()]
  await Promise.all([producer.connect(), admin.connect()])
  try {
    for (const topic of resolveSignals(['viewed']).map(signal => names.topicName(signal, place.env)))
      for (const { partition } of await admin.fetchTopicOffsets(topic)) {
        const event = createActivationEvent(planFrom(place.text), partition, new Date(FIRST_MS).toISOString())
        await producer.send({ topic, acks: -1, messages: [{ ...message(event, null), partition }] })
      }
  } finally {
    await Promise.all([producer.disconnect(), admin.disconnect()])
  }
}

export interface Filling {
  readonly broker: string
  readonly env: string
  readonly kind: TableKind
  readonly readings: number
  readonly devices: number
}

/** Creates the topics of an environment, activates the plan in them, and fills the readings: a second of event time for 1,000. */
export async function fill({ broker, env, kind, readings, devices }: Filling): Promise<void> {
  await createTopics({ brokers: [broker], env, names })
  await activatePlan({ broker, env, text: statements(kind) })
  const producer = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).producer()
  await producer.connect()
  try {
    const topic = names.topicName('readings', env)
    for (let n = 0; n < readings; ) {
      const messages: Message[] = []
      for (; messages.length < RECORDS_A_CALL && n < readings; n += 1) messages.push(reading(n, devices))
      await producer.send({ topic, acks: 1, messages })
    }
  } finally {
    await producer.disconnect()
  }
}

function reading(n: number, devices: number): Message {
  // A step that shares no factor with the number of devices visits all of them, in a mixed order.
  const device = `d-${(n * 7919) % devices}`
  return message(
    {
      id: `r-${n}`,
      source: '/device/bench',
      type: 'io.sluice.device.motion.v1',
      subject: device,
      time: new Date(FIRST_MS + n).toISOString(),
      datacontenttype: 'application/json',
      data: {
        deviceId: device,
        model: 'bench',
        x: ((n * 7919) % 500) / 10,
        y: 0,
        z: 9.8,
        activity: 'walking',
      },
    },
    device,
  )
}

function message(event: Event, key: string | null): Message {
  const { value, headers } = writeEvent(event)
  return { key, value, headers: Object.fromEntries(headers) }
}
