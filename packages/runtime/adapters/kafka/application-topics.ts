import { mendConnections } from '@sluice/kafka-records'
import { explainedSocket, toKafkajsBrokers } from '@sluice/kafka-records/connecting'
import type { Replication } from '@sluice/kafka-records/replication'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { askAdmin, askLeaders, PATIENCE_WITH_NEW_TOPIC } from './ask-leaders.ts'
import { ADVICE } from './authentication.ts'
import { isRetriableAnswer } from './availability.ts'
import { type KafkaTopic, topicConfiguration } from './topic-configuration.ts'
import { TopicOffsets } from './topic-offsets.ts'

export interface TopicsOptions {
  readonly brokers: readonly string[]
  readonly topics: readonly KafkaTopic[]
  readonly replication: Replication
}

/** A setting in which an existing topic differs from its definition. */
export interface TopicDifference {
  readonly topic: string
  /** Name of the setting: `partitions`, `replication.factor`, or the name of a topic configuration. */
  readonly setting: string
  readonly wanted: string
  readonly found: string
}

export interface TopicsOutcome {
  readonly created: readonly string[]
  readonly existing: readonly string[]
  readonly differences: readonly TopicDifference[]
}

/**
 * Creates missing topics and compares the others with their definitions. Existing topics are never changed, because with a
 * different number of partitions, entities would lose their state.
 */
export async function ensureTopics(options: TopicsOptions): Promise<TopicsOutcome> {
  mendConnections()
  const { brokers } = options
  const kafka = new kafkajs.Kafka({
    clientId: 'sluice-topics',
    brokers: toKafkajsBrokers(brokers),
    connectionTimeout: 3_000,
    socketFactory: place => explainedSocket(place, undefined, ADVICE, brokers),
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const before = new Set(await admin.listTopics())
    const names = options.topics.map(({ name }) => name)
    const created = names.filter(name => !before.has(name))
    if (created.length > 0) await createTopics(admin, options, created)
    await untilLed(kafka, names)
    return {
      created,
      existing: names.filter(name => before.has(name)),
      differences: await askLeaders(() => findDifferences(admin, options), PATIENCE_WITH_NEW_TOPIC),
    }
  } finally {
    await admin.disconnect()
  }
}

export interface TopicComparison {
  readonly existing: readonly string[]
  readonly missing: readonly string[]
  readonly differences: readonly TopicDifference[]
}

export function compareTopics(
  kafka: Kafka,
  { topics, replication }: Pick<TopicsOptions, 'topics' | 'replication'>,
): Promise<TopicComparison> {
  return askAdmin(kafka, async admin => {
    const there = new Set(await admin.listTopics())
    const existing = topics.filter(({ name }) => there.has(name))
    const missing = topics.filter(({ name }) => !there.has(name))
    return {
      existing: existing.map(({ name }) => name),
      missing: missing.map(({ name }) => name),
      differences: await findDifferences(admin, { topics: existing, replication }),
    }
  })
}

async function createTopics(admin: Admin, options: TopicsOptions, missing: readonly string[]): Promise<void> {
  const topics = options.topics.map(topic => ({
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: options.replication.factor,
    configEntries: topicConfiguration(topic, options.replication),
  }))
  await admin.createTopics({
    // Do not let the library wait for leaders: its wait fails if a broker does not know the topic yet.
    waitForLeaders: false,
    topics: topics.filter(({ topic }) => missing.includes(topic)),
  })
}

/**
 * Waits until the leader of every partition responds. The metadata may name a broker that has not become the leader yet. On a busy
 * machine that takes long, so the time limit begins anew as long as further topics respond.
 */
export async function untilLed(kafka: Kafka, names: readonly string[]): Promise<void> {
  const offsets = new TopicOffsets(kafka, { leaderMs: 0, topicMs: 0 })
  const unled = new Set(names)
  const ask = async () => {
    const errors: unknown[] = []
    for (const name of unled)
      await offsets.ends(name).then(
        () => unled.delete(name),
        error => (isRetriableAnswer(error) ? errors.push(error) : throwUnled(name, error)),
      )
    if (errors.length > 0) throw errors[0]
  }
  try {
    for (let before = unled.size; unled.size > 0; before = unled.size)
      await askLeaders(ask, PATIENCE_WITH_NEW_TOPIC).catch(error => {
        const [topic = ''] = unled
        if (unled.size === before || !isRetriableAnswer(error)) throwUnled(topic, error)
      })
  } finally {
    await offsets.close()
  }
}

function throwUnled(topic: string, error: unknown): never {
  if (!isRetriableAnswer(error)) throw error
  const { message } = error as Error
  throw new Error(`topic ${topic} has a partition that no broker leads: ${message}`, { cause: error })
}

async function findDifferences(
  admin: Admin,
  { topics, replication }: Pick<TopicsOptions, 'topics' | 'replication'>,
): Promise<TopicDifference[]> {
  if (topics.length === 0) return []
  const names = topics.map(({ name }) => name)
  const metadata = await admin.fetchTopicMetadata({ topics: names })
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map(name => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return topics.flatMap(wantedTopic => {
    const topic = wantedTopic.name
    const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? []
    const copies = new Set(partitions.map(({ replicas }) => replicas.length))
    const entries =
      described.resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? []
    const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
    const wanted = topicConfiguration(wantedTopic, replication)
    return [
      {
        topic,
        setting: 'partitions',
        wanted: String(wantedTopic.partitions),
        found: String(partitions.length),
      },
      {
        topic,
        setting: 'replication.factor',
        wanted: String(replication.factor),
        found: [...copies].join(' and '),
      },
      ...wanted.map(({ name, value }) => ({
        topic,
        setting: name,
        wanted: value,
        // A setting that the brokers do not report is not known to differ.
        found: found.get(name) ?? value,
      })),
    ].filter(setting => setting.wanted !== setting.found)
  })
}
