import { installRecordDecoder, mendConnections } from '@sluice/kafka-records'
import { toKafkajsBrokers } from '@sluice/kafka-records/connecting'
import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import type { Mapping, StartingPosition } from '../config/mappings.ts'
import { pause } from '../support/wait.ts'
import { type TopicStates, Topics } from './topic-watch.ts'

/** Resource type of a topic's configuration. ES modules cannot import the constant of kafkajs. */
const TOPIC = 2

/**
 * Time for which a request is repeated, in milliseconds. A busy broker needs many seconds to become the leader of all partitions of
 * a new topic.
 */
const ASK_AGAIN_FOR_MS = 15_000
const ASK_EVERY_MS = 50

type Offsets = ReadonlyMap<number, number>

/**
 * Requests to the cluster. Rare requests each open a separate connection. An event source sends such a request before anything
 * else.
 */
export class Cluster {
  readonly #kafka: Kafka
  readonly #topics: Topics

  constructor(kafka: Kafka) {
    this.#kafka = kafka
    this.#topics = new Topics(kafka)
  }

  /** Returns true if the topic exists. Does not create it. */
  hasTopic(topic: string): Promise<boolean> {
    return this.#ask(async admin => (await admin.listTopics()).includes(topic))
  }

  topicStates(topics: readonly string[]): Promise<TopicStates | undefined> {
    return this.#topics.states(topics)
  }

  openTransactions(topics: readonly string[]): ReturnType<Topics['openTransactions']> {
    return this.#topics.openTransactions(topics)
  }

  close(): Promise<void> {
    return this.#topics.close()
  }

  /** Returns the size of the largest batch that the topic accepts, in bytes; Kafka's default if the broker does not report it. */
  fetchMaxBatchBytes(topic: string): Promise<number> {
    return this.#ask(async admin => {
      const configNames = ['max.message.bytes']
      const resources = [{ type: TOPIC, name: topic, configNames }]
      const { resources: answers } = await admin.describeConfigs({ resources, includeSynonyms: false })
      return Number(answers[0]?.configEntries[0]?.configValue ?? 1_048_588)
    })
  }

  /** Returns the committed offset of each partition. Partitions without a committed offset are omitted. */
  fetchCommittedOffsets({ groupId, topic }: Pick<Mapping, 'groupId' | 'topic'>): Promise<Offsets> {
    return this.#ask(async admin => {
      const answer = await admin.fetchOffsets({ groupId, topics: [topic] })
      const partitions = answer.find(entry => entry.topic === topic)?.partitions ?? []
      const offsets = partitions.map(({ partition, offset }): [number, number] => [partition, Number(offset)])
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    })
  }

  /** Returns the client ids of the members of a group. Those of a group with Kafka's newer group protocol are not listed. */
  listGroupClients(groupId: string): Promise<readonly string[]> {
    return this.#ask(async admin => {
      const { groups } = await admin.describeGroups([groupId])
      return [...new Set(groups.flatMap(({ members }) => members.map(({ clientId }) => clientId)))]
    })
  }

  /** Returns the offset of the starting position in each partition. See rule 34 in `RULES.md`. */
  fetchOffsetsAt(topic: string, position: StartingPosition): Promise<Offsets> {
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

  /** Repeats the request on a new connection, which has new metadata. A topic may be new, and a leader may change. */
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
    const admin = this.#kafka.admin({ retry: { retries: 2 } })
    try {
      await admin.connect()
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
}

/** Names of errors. ES modules cannot import the error classes of kafkajs. */
const NO_BROKER_FOUND = ['KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound']

/**
 * Returns true for an error that the protocol calls retriable: with new metadata, the request reaches the right broker. kafkajs
 * wraps such errors.
 */
export function isRetriableAnswer(error: unknown): boolean {
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean }
  if (type !== undefined) return retriable === true
  return NO_BROKER_FOUND.includes(name) || (cause instanceof Error && isRetriableAnswer(cause))
}

export type Connect = (clientId: string) => Kafka

/** Returns a function that creates clients for these brokers. @param options client options for encryption and authentication */
export function createClientFactory(brokers: readonly string[], options: Partial<KafkaConfig>): Connect {
  mendConnections()
  return clientId => {
    const kafka = new Kafka({
      clientId,
      brokers: toKafkajsBrokers(brokers),
      // Disable the log of kafkajs, because the event source itself logs problems with reading.
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      ...options,
      // With few retries, a broker that does not respond is reported within two seconds. The event sources keep retrying.
      retry: { retries: 2 },
    })
    installRecordDecoder(kafka)
    return kafka
  }
}
