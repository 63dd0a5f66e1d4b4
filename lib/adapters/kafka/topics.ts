import { setTimeout as pause } from 'node:timers/promises'
import kafkajs, { type Admin, type IResourceConfigEntry } from 'kafkajs'
import { type Replication, SIGNALS, TOPICS, type Topic, topicName } from '../../domain/topics.ts'
import { brokersAnswer } from './answers.ts'

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
const KNOWN_WITHIN_MS = 15_000

/**
 * Creates the topics of the table that are missing and compares the others with it. Changes no topic that exists:
 * another number of partitions would move entities away from their state.
 */
export async function ensureTopics(options: TopicsOptions): Promise<TopicsOutcome> {
  return withAdmin(options.brokers, 5, async admin => {
    const before = new Set(await admin.listTopics())
    const names = SIGNALS.map(signal => topicName(signal, options.env))
    const created = names.filter(name => !before.has(name))
    if (created.length > 0) await createTopics(admin, options, created)
    return {
      created,
      existing: names.filter(name => before.has(name)),
      differences: await onceKnown(names, () => findDifferences(admin, options)),
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
  await untilLed(admin, missing)
}

/** Waits until every partition has a leader: before that, nothing can be written to it or read from it. */
async function untilLed(admin: Admin, names: readonly string[]): Promise<void> {
  const areLed = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] })
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)) || undefined
  }
  await onceKnown(names, areLed)
}

/**
 * Asks until there is an answer. A broker hears of a new topic a moment after the one that created it, and each
 * question may go to another broker.
 */
async function onceKnown<T>(names: readonly string[], ask: () => Promise<T | undefined>): Promise<T> {
  const giveUpAtMs = Date.now() + KNOWN_WITHIN_MS
  for (;;) {
    const answer = await ask().catch(orNotYet)
    if (answer !== undefined) return answer
    if (Date.now() > giveUpAtMs)
      throw new Error(`not led by a broker within ${KNOWN_WITHIN_MS} ms: ${names.join(', ')}`)
    await pause(50)
  }
}

function orNotYet(error: unknown): undefined {
  const answered = brokersAnswer(error)
  if (answered !== 'UNKNOWN_TOPIC_OR_PARTITION' && answered !== 'LEADER_NOT_AVAILABLE') throw error
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
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new kafkajs.Kafka({
    clientId: 'sluice-topics',
    brokers: [...brokers],
    connectionTimeout: 2_000,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries },
  }).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}
