/** Functions with which operators inspect and change topics. `application-topics.ts` has the functions for the topics of an application. */
import {
  alterSettingsQuestion,
  askBroker,
  fetchMetadata,
  type TopicMetadata,
} from '@sluice/kafka-records/requests'
import type { Admin, Kafka } from 'kafkajs'
import { untilLed } from './application-topics.ts'
import { answerError, askCluster } from './ask-cluster.ts'
import { askAdmin, PATIENCE_WITH_NEW_TOPIC } from './ask-leaders.ts'
import { brokersAnswer, leaderMissing } from './availability.ts'
import { RefusedByKafka } from './errors.ts'

export interface TopicPartition {
  readonly partition: number
  /** Id of the leading broker; -1 if none exists. */
  readonly leader: number
  /** Ids of the brokers that have a replica. `checkInSync` contains only the brokers whose replica is in sync. */
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface TopicLayout {
  readonly topic: string
  /** Partitions in the order of their numbers. */
  readonly partitions: readonly TopicPartition[]
}

/** Resolves to the topics of the cluster by name, including Kafka's internal topics. */
export async function topicLayouts(kafka: Kafka): Promise<TopicLayout[]> {
  const { topics } = await askCluster(kafka, cluster => fetchMetadata(cluster))
  return topics.map(toLayout).sort((a, b) => (a.topic < b.topic ? -1 : 1))
}

export function isInternal(topic: string): boolean {
  return topic.startsWith('__')
}

export function toLayout({ topic, partitions }: TopicMetadata): TopicLayout {
  const ordered = partitions
    .map(({ partition, leader, replicas, inSync }) => ({ partition, leader, replicas, inSync }))
    .sort((a, b) => a.partition - b.partition)
  return { topic, partitions: ordered }
}

export function brokerCount(kafka: Kafka): Promise<number> {
  return askAdmin(kafka, async admin => (await admin.describeCluster()).brokers.length)
}

export interface NewTopic {
  readonly topic: string
  /** Number of partitions; by default, the setting of the brokers. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly settings: Readonly<Record<string, string>>
}

export function topicNotCreated(why: string, options?: ErrorOptions): RefusedByKafka {
  return new RefusedByKafka(why, options, 'topic-not-created')
}

export function isTopicNotCreated(error: unknown): error is RefusedByKafka {
  return error instanceof RefusedByKafka && error.code === 'topic-not-created'
}

/**
 * Creates a topic and waits until all its partitions can be written.
 *
 * @throws the error of `topicNotCreated` if the topic exists or Kafka refuses to create it
 */
export async function createTopic(kafka: Kafka, wanted: NewTopic): Promise<void> {
  await requestTopic(kafka, wanted, false)
  await untilLed(kafka, [wanted.topic])
}

/** Asks Kafka whether a topic could be created, without creating it. @throws as `createTopic` */
export function validateTopic(kafka: Kafka, wanted: NewTopic): Promise<void> {
  return requestTopic(kafka, wanted, true)
}

function requestTopic(kafka: Kafka, wanted: NewTopic, validateOnly: boolean): Promise<void> {
  return askAdmin(kafka, async admin => {
    try {
      if (await admin.createTopics(buildRequest(wanted, validateOnly))) return
    } catch (error) {
      throw await explainError(admin, wanted, error)
    }
    throw topicNotCreated('it exists already')
  })
}

function buildRequest({ topic, partitions, replicationFactor, settings }: NewTopic, validateOnly = false) {
  const configEntries = toConfigEntries(settings)
  const sizes = { numPartitions: partitions ?? -1, replicationFactor: replicationFactor ?? -1 }
  // Do not let the library wait for leaders: its wait fails if a broker does not know the topic yet.
  return { validateOnly, waitForLeaders: false, topics: [{ topic, ...sizes, configEntries }] }
}

/** Returns an error that explains why a topic was not created, because the library keeps only the code of the broker's response. */
async function explainError(admin: Admin, wanted: NewTopic, error: unknown): Promise<unknown> {
  const cause = getFirstError(error)
  switch (brokersAnswer(cause)) {
    case 'INVALID_REPLICATION_FACTOR': {
      const { brokers } = await admin.describeCluster()
      const factor = wanted.replicationFactor ?? 'of the brokers'
      return topicNotCreated(
        `replication factor ${factor} is larger than the number of brokers, ${brokers.length}`,
        { cause },
      )
    }
    case 'INVALID_CONFIG':
      return topicNotCreated(`Kafka does not accept ${await invalidSettings(admin, wanted)}`, { cause })
    case 'INVALID_TOPIC_EXCEPTION':
      return topicNotCreated(
        'a name has up to 249 letters, digits, ".", "_" and "-", and must not differ from another one only in "." and "_"',
        { cause },
      )
    case undefined:
      return error
    default:
      return topicNotCreated((cause as Error).message, { cause })
  }
}

/** Returns the settings that Kafka rejects when each setting is validated separately. */
async function invalidSettings(admin: Admin, { topic, settings }: NewTopic): Promise<string> {
  const refused: string[] = []
  for (const [name, value] of Object.entries(settings)) {
    const isValid = await admin
      .createTopics(buildRequest({ topic, settings: { [name]: value } }, true))
      .then(() => true)
      .catch(error => brokersAnswer(getFirstError(error)) !== 'INVALID_CONFIG')
    if (!isValid) refused.push(`${name}=${value}`)
  }
  return refused.length > 0 ? refused.join(', ') : 'these settings together'
}

/** Returns the first error of a list. The library reports the errors of topics as a list. */
function getFirstError(error: unknown): unknown {
  const { errors } = error as { errors?: readonly unknown[] }
  return errors?.[0] ?? error
}

/**
 * Changes some settings of a topic.
 *
 * @throws the error response INVALID_CONFIG or POLICY_VIOLATION, with the broker's message
 */
export function alterSettings(
  kafka: Kafka,
  topic: string,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  return askCluster(kafka, async cluster => {
    const broker = await cluster.brokerPool.findConnectedBroker()
    const { errorCode, message } = await askBroker(broker, alterSettingsQuestion(topic, changes))
    if (errorCode !== 0) throw answerError(errorCode, message)
  })
}

function toConfigEntries(settings: Readonly<Record<string, string>>) {
  return Object.entries(settings).map(([name, value]) => ({ name, value }))
}

/**
 * Increases the number of partitions of a topic, and waits until the leader of each partition responds. Kafka cannot remove
 * partitions.
 *
 * @param partitions new total number of partitions
 * @returns previous number of partitions
 * @throws Error if the topic already has more partitions; errors of the library if Kafka refuses or does not respond
 */
export async function growTopic(kafka: Kafka, topic: string, partitions: number): Promise<number> {
  const before = await partitionCount(kafka, topic)
  if (before > partitions)
    throw new Error(`${topic} has ${before} partitions already, more than ${partitions}`)
  if (before < partitions)
    await askAdmin(kafka, async admin => {
      await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] })
    })
  await askAdmin(
    kafka,
    admin => requireLeaders(admin.fetchTopicOffsets(topic), partitions),
    PATIENCE_WITH_NEW_TOPIC,
  )
  return before
}

async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  return askAdmin(kafka, async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  })
}

/** Rejects with a retriable error while a broker does not know the new partitions yet. */
async function requireLeaders(offsets: Promise<readonly unknown[]>, partitions: number): Promise<void> {
  const led = (await offsets).length
  if (led < partitions)
    throw leaderMissing(`${partitions - led} of the new partitions have no available leader yet`)
}
