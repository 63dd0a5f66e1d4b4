/** An application for tests of the engine: two types of readings, retries, and a clock. */
import { type Application, createTick, type TopicSettings } from '../../consumer/application.ts'
import type { Event } from '../../consumer/event.ts'
import { failure } from '../../consumer/failure-codes.ts'

const MiB = 1024 * 1024
const topic = (partitions: number, keptDays = 7, maxMessageBytes = MiB, isTicked = false): TopicSettings => ({
  partitions,
  keptDays,
  maxMessageBytes,
  isTicked,
})

export const TOPICS = {
  readings: topic(12, 7, MiB, true),
  events: topic(3, 30),
  alerts: topic(3, 90),
  analytics: topic(3),
  failures: topic(3, 7, 2 * MiB),
  'retry-1m': topic(3, 7, 2 * MiB),
  'retry-10m': topic(3, 7, 2 * MiB),
  'retry-1h': topic(3, 7, 2 * MiB),
  dlq: topic(3, 30, 2 * MiB),
}

export const TICK_TYPE = 'io.sluice.clock.tick.v1'
export const FAILURE_TYPE = 'io.sluice.failure.v1'
export const DEAD_LETTER_TYPE = 'io.sluice.dead-letter.v1'
export const FAILURE_ENDED_TYPE = 'io.sluice.failure.ended.v1'
/** The field that names the entity of a reading, by its type. Its schema demands it. */
const ENTITY_FIELDS = new Map([
  ['io.sluice.environment.reading.v1', 'sensorId'],
  ['io.sluice.database.reading.v1', 'instanceId'],
])

export const READING_TYPES = [...ENTITY_FIELDS.keys()]

/** Returns the Kafka name of a topic in the environment `test`. */
export const topicName = (name: keyof typeof TOPICS, env = 'test') => `sluice.telemetry.${name}.${env}`

const topicNamed = (kafkaTopic: string) =>
  Object.entries(TOPICS).find(([name]) => kafkaTopic.startsWith(`sluice.telemetry.${name}.`))?.[1]

export const APPLICATION: Application = {
  name: 'sluice',
  topics: TOPICS,
  kafkaTopic: (name, env) => topicName(name as keyof typeof TOPICS, env),
  groupName: (consumer, env) => `sluice-${consumer}-${env}`,
  topicNamed,
  failuresTopic: 'failures',
  deadLettersTopic: 'dlq',
  failureEvent: { type: FAILURE_TYPE },
  tickType: TICK_TYPE,
  failureEndedType: FAILURE_ENDED_TYPE,
  firstRetryMs: 4 * 60_000,
  takesWholeEvents: kafkaTopic => kafkaTopic.startsWith('sluice.telemetry.readings.'),
  remedies: { 'too-many-new-entities': 'look at its source' },
  adviseOnFailure: ({ code }, kafkaTopic) =>
    code === 'not-a-cloudevent' ? `read ${kafkaTopic} as an input` : undefined,
  ignoredTypes: new Map([['io.sluice.entity.erased.v1', 'erasure']]),
  readData({ type, data }) {
    const entity = ENTITY_FIELDS.get(type)
    if (entity === undefined) return { kind: 'data', data }
    const { [entity]: name, temperature = 0 } = (data ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') return failure('schema-violated', `${entity} must be a string`)
    if (typeof temperature !== 'number') return failure('schema-violated', 'temperature must be a number')
    return { kind: 'data', data }
  },
}

/** Returns the tick of one partition for one scheduled run. */
export const tick = (partition: number, at: string): Event => createTick(APPLICATION, partition, at)
