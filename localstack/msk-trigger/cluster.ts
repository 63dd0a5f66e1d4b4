import type { Admin, Kafka } from 'kafkajs'
import type { Mapping, StartingPosition } from './mappings.ts'
import { isRetriableAnswer } from './retriable-answer.ts'
import { pause } from './wait.ts'

/** What a configuration belongs to. kafkajs exports the number in a way that an ES module cannot import. */
const TOPIC = 2

/**
 * How long a question is asked again while its broker is not, or not yet, the right one; then it is an error. A busy broker
 * needs many seconds until it leads all partitions of a new topic.
 */
const ASK_AGAIN_FOR_MS = 15_000
const ASK_EVERY_MS = 50

type Offsets = ReadonlyMap<number, number>

/** Questions to the cluster. A connection lasts for one question: they are rare. */
export class Cluster {
  readonly #kafka: Kafka

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** Whether the topic exists. Asking does not create it. */
  hasTopic(topic: string): Promise<boolean> {
    return this.#ask(async admin => (await admin.listTopics()).includes(topic))
  }

  /** The bytes of the largest batch that the topic takes. */
  largestBatch(topic: string): Promise<number> {
    return this.#ask(async admin => {
      const configNames = ['max.message.bytes']
      const resources = [{ type: TOPIC, name: topic, configNames }]
      const { resources: answers } = await admin.describeConfigs({ resources, includeSynonyms: false })
      return Number(answers[0]?.configEntries[0]?.configValue)
    })
  }

  /** What the group has committed: partition → offset, without those it never committed. */
  committed({ groupId, topic }: Pick<Mapping, 'groupId' | 'topic'>): Promise<Offsets> {
    return this.#ask(async admin => {
      const answer = await admin.fetchOffsets({ groupId, topics: [topic] })
      const partitions = answer.find(entry => entry.topic === topic)?.partitions ?? []
      const offsets = partitions.map(({ partition, offset }): [number, number] => [partition, Number(offset)])
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    })
  }

  /** Where each partition of the topic stands at a starting position. Rule 34. */
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

  /** A topic can be seconds old and a leader can move: each attempt has a new connection, and with it new metadata. */
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
