import kafkajs, { type Admin, type IResourceConfigEntry, type Kafka } from 'kafkajs'
import { type Replication, SIGNALS, TOPICS, type Topic, topicName } from '../../domain/topics.ts'
import { isRetriableAnswer } from './answers.ts'
import { askLeaders, PATIENCE_WITH_NEW_TOPIC } from './ask-leaders.ts'
import { TopicOffsets } from './offsets.ts'

export interface TopicsOptions {
  readonly brokers: readonly string[]
  /** The last part of every topic's name. */
  readonly env: string
  readonly replication: Replication
}

/** A topic that exists otherwise than the table says. */
export interface TopicDifference {
  readonly topic: string
  /** `partitions`, `replication.factor`, or the name of a configuration. */
  readonly setting: string
  readonly wanted: string
  readonly found: string
}

export interface TopicsOutcome {
  readonly created: readonly string[]
  readonly existing: readonly string[]
  readonly differences: readonly TopicDifference[]
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates the topics of the table that are missing and compares the others with it. Changes no topic that exists:
 * another number of partitions would move entities away from their state.
 */
export async function ensureTopics(options: TopicsOptions): Promise<TopicsOutcome> {
  return withAdmin(options.brokers, 5, async (admin, kafka) => {
    const before = new Set(await admin.listTopics())
    const names = SIGNALS.map(signal => topicName(signal, options.env))
    const created = names.filter(name => !before.has(name))
    if (created.length > 0) await createTopics(admin, options, created)
    await untilLed(kafka, names)
    return {
      created,
      existing: names.filter(name => before.has(name)),
      differences: await askLeaders(() => findDifferences(admin, options), PATIENCE_WITH_NEW_TOPIC),
    }
  })
}

/** The addresses of the brokers that their cluster counts as there; none where none of these answers. Never throws. */
export async function registeredBrokers(brokers: readonly string[]): Promise<string[]> {
  try {
    const cluster = await withAdmin(brokers, 0, admin => admin.describeCluster())
    return cluster.brokers.map(({ host, port }) => `${host}:${port}`)
  } catch {
    return []
  }
}

async function createTopics(admin: Admin, options: TopicsOptions, missing: readonly string[]): Promise<void> {
  const topics = SIGNALS.map(signal => ({
    topic: topicName(signal, options.env),
    numPartitions: TOPICS[signal].partitions,
    replicationFactor: options.replication.factor,
    configEntries: topicConfiguration(TOPICS[signal], options.replication),
  }))
  await admin.createTopics({
    // The library's own wait gives up at a broker that has not yet heard of the topic.
    waitForLeaders: false,
    topics: topics.filter(({ topic }) => missing.includes(topic)),
  })
}

/**
 * Waits until the leader of every partition answers; before that, nothing can be written to it or read from it. Metadata
 * that name a leader do not tell this: the broker may not have become one yet.
 */
async function untilLed(kafka: Kafka, names: readonly string[]): Promise<void> {
  const offsets = new TopicOffsets(kafka, PATIENCE_WITH_NEW_TOPIC)
  try {
    for (const name of names) await offsets.ends(name).catch(error => throwUnled(name, error))
  } finally {
    await offsets.close()
  }
}

function throwUnled(topic: string, error: unknown): never {
  if (!isRetriableAnswer(error)) throw error
  const { message } = error as Error
  throw new Error(`topic ${topic} has a partition that no broker leads: ${message}`, { cause: error })
}

function topicConfiguration(topic: Topic, { minInsync }: Replication): IResourceConfigEntry[] {
  const configuration = {
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'retention.ms': topic.keptDays * DAY_MS,
    'message.timestamp.type': topic.timestamps,
    'max.message.bytes': topic.maxMessageBytes,
    'min.insync.replicas': minInsync,
  }
  return Object.entries(configuration).map(([name, value]) => ({ name, value: String(value) }))
}

async function findDifferences(admin: Admin, options: TopicsOptions): Promise<TopicDifference[]> {
  const names = SIGNALS.map(signal => topicName(signal, options.env))
  const metadata = await admin.fetchTopicMetadata({ topics: names })
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map(name => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return SIGNALS.flatMap(signal => {
    const topic = topicName(signal, options.env)
    const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? []
    const copies = new Set(partitions.map(({ replicas }) => replicas.length))
    const entries =
      described.resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? []
    const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
    const wanted = topicConfiguration(TOPICS[signal], options.replication)
    return [
      {
        topic,
        setting: 'partitions',
        wanted: String(TOPICS[signal].partitions),
        found: String(partitions.length),
      },
      {
        topic,
        setting: 'replication.factor',
        wanted: String(options.replication.factor),
        found: [...copies].join(' and '),
      },
      ...wanted.map(({ name, value }) => ({
        topic,
        setting: name,
        wanted: value,
        found: String(found.get(name)),
      })),
    ].filter(one => one.wanted !== one.found)
  })
}

async function withAdmin<T>(
  brokers: readonly string[],
  retries: number,
  use: (admin: Admin, kafka: Kafka) => Promise<T>,
): Promise<T> {
  const kafka = new kafkajs.Kafka({
    clientId: 'sluice-topics',
    brokers: [...brokers],
    connectionTimeout: 2_000,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries },
  })
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await use(admin, kafka)
  } finally {
    await admin.disconnect()
  }
}
