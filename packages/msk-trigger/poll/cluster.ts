import { readEveryCodec, readRecordsOf, restIdleConnections } from '@sluice/kafka-records'
import kafkajs, { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import type { Mapping, StartingPosition } from '../config/mappings.ts'
import type { NewTopic } from '../config/settings.ts'
import { pause } from '../support/wait.ts'
import { type TopicStates, Topics } from './topics.ts'

/** The resource type of a topic's configuration. kafkajs exports it in a form that an ES module cannot import. */
const TOPIC = 2

/** How long a request is retried: a busy broker needs many seconds to become leader of all partitions of a new topic. */
const ASK_AGAIN_FOR_MS = 15_000
const ASK_EVERY_MS = 50

type Offsets = ReadonlyMap<number, number>

/** Requests to the cluster. Rare ones open a connection of their own. A source makes one before anything else. */
export class Cluster {
  readonly #kafka: Kafka
  readonly #topics: Topics
  readonly #ready: () => Promise<void>

  /** @param ready resolves when the client has what it needs to connect */
  constructor(kafka: Kafka, ready = async () => {}) {
    this.#kafka = kafka
    this.#topics = new Topics(kafka)
    this.#ready = ready
  }

  /** Returns whether the topic exists. Does not create it. */
  hasTopic(topic: string): Promise<boolean> {
    return this.#ask(async admin => (await admin.listTopics()).includes(topic))
  }

  async topicStates(topics: readonly string[]): Promise<TopicStates | undefined> {
    await this.#ready()
    return this.#topics.states(topics)
  }

  close(): Promise<void> {
    return this.#topics.close()
  }

  /** Creates a topic, whose partitions may lack a leader at first. Returns false if it exists by now. @throws what the broker says */
  createTopic(topic: string, { partitions: numPartitions, replicationFactor }: NewTopic): Promise<boolean> {
    return this.#ask(async admin => {
      const topics = [{ topic, numPartitions, replicationFactor }]
      try {
        return await admin.createTopics({ topics, waitForLeaders: false })
      } catch (error) {
        // One error for each topic.
        throw (error as { errors?: Error[] }).errors?.[0] ?? error
      }
    })
  }

  /** Returns the size of the largest batch that the topic accepts, in bytes. */
  largestBatch(topic: string): Promise<number> {
    return this.#ask(async admin => {
      const configNames = ['max.message.bytes']
      const resources = [{ type: TOPIC, name: topic, configNames }]
      const { resources: answers } = await admin.describeConfigs({ resources, includeSynonyms: false })
      return Number(answers[0]?.configEntries[0]?.configValue)
    })
  }

  /** Returns the committed offset of each partition, without partitions that have none. */
  committed({ groupId, topic }: Pick<Mapping, 'groupId' | 'topic'>): Promise<Offsets> {
    return this.#ask(async admin => {
      const answer = await admin.fetchOffsets({ groupId, topics: [topic] })
      const partitions = answer.find(entry => entry.topic === topic)?.partitions ?? []
      const offsets = partitions.map(({ partition, offset }): [number, number] => [partition, Number(offset)])
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    })
  }

  /** Returns the offset of each partition at a starting position. Rule 34. */
  offsetsAt(topic: string, position: StartingPosition): Promise<Offsets> {
    return this.#ask(async admin => {
      if (position.at === 'AT_TIMESTAMP') {
        const answer = await admin.fetchTopicOffsetsByTimestamp(topic, position.timestampMs)
        return new Map(answer.map(({ partition, offset }) => [partition, Number(offset)]))
      }
      const answer = await admin.fetchTopicOffsets(topic)
      const edge = position.at === 'LATEST' ? 'high' : 'low'
      return new Map(answer.map(entry => [entry.partition, Number(entry[edge])]))
    })
  }

  /** Deletes a group without members. */
  deleteGroup(groupId: string): Promise<unknown> {
    return this.#ask(admin => admin.deleteGroups([groupId]))
  }

  /** Retries on a new connection, and so with new metadata, because a topic may be new and a leader may move. */
  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const askedAtMs = performance.now()
    for (;;) {
      try {
        return await this.#askOnce(question)
      } catch (error) {
        if (!isRetriableAnswer(error) || performance.now() - askedAtMs >= ASK_AGAIN_FOR_MS) throw error
      }
      await pause(ASK_EVERY_MS)
    }
  }

  async #askOnce<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    await this.#ready()
    const admin = this.#kafka.admin({ retry: { retries: 2 } })
    try {
      await admin.connect()
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
}

/** Names of errors: kafkajs exports them in a form that an ES module cannot import. */
const NO_BROKER_FOUND = ['KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound']

/** Returns whether new metadata will name the right broker: Kafka's protocol calls such an error retriable. kafkajs wraps it. */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  return NO_BROKER_FOUND.includes(name) || (cause instanceof Error && isRetriableAnswer(cause))
}

export type Connect = (clientId: string) => Kafka

/** Returns what creates clients of these brokers. @param options how they reach the brokers and sign in there */
export function clientsOf(brokers: readonly string[], options: Partial<KafkaConfig>): Connect {
  readEveryCodec(kafkajs.CompressionCodecs)
  restIdleConnections()
  return clientId => {
    const kafka = new Kafka({
      clientId,
      brokers: [...brokers],
      // kafkajs logs nothing: the source itself logs what keeps it from reading.
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      ...options,
      // A broker that does not answer is reported within a second or two; the sources keep retrying.
      retry: { retries: 2 },
    })
    readRecordsOf(kafka)
    return kafka
  }
}
