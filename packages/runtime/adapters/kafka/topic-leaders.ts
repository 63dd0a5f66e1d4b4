/** Partition leaders of the topics that a producer writes to. */
import type { Cluster } from '@sluice/kafka-records'
import { brokersAnswer, leaderMissing } from './availability.ts'

/**
 * Error responses about a single topic. With such an error, the library fails the request for all topics, and
 * does not name the topic.
 */
const OF_ONE_TOPIC: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
])

/** Maximum number of requests, because the library may return the response to an earlier request. */
const MAX_QUESTIONS = 2

type Leaders = ReadonlyMap<number, number>

export class TopicLeaders {
  /** Topics that are requested together, and those that caused an error and are requested one by one. */
  readonly #topics = new Set<string>()
  readonly #missing = new Set<string>()
  readonly #leaders = new Map<string, Leaders>()
  /** Only one request at a time, because its topics are a field of the cluster. */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Returns the leader of each partition; the id is negative if there is none. Empty before the first
   * response; kept if a topic is missing.
   */
  of(topic: string): Leaders {
    return this.#leaders.get(topic) ?? new Map()
  }

  /** Looks up a topic. Rejects if it does not exist or has no known leaders yet. */
  load(cluster: Cluster, topic: string): Promise<void> {
    return this.#inTurn(cluster, async () => {
      await this.#ask(cluster, [topic])
      this.#missing.delete(topic)
      this.#topics.add(topic)
    })
  }

  /** Looks up all loaded topics. A missing topic does not affect the others. */
  refresh(cluster: Cluster): Promise<void> {
    return this.#inTurn(cluster, async () => {
      try {
        await this.#ask(cluster, [...this.#topics])
      } catch (error) {
        if (!isOfOneTopic(error)) throw error
        for (const topic of this.#topics) this.#missing.add(topic)
        this.#topics.clear()
      }
      for (const topic of [...this.#missing]) await this.#retry(cluster, topic)
    })
  }

  async #retry(cluster: Cluster, topic: string): Promise<void> {
    try {
      await this.#ask(cluster, [topic])
      this.#missing.delete(topic)
      this.#topics.add(topic)
    } catch (error) {
      // The leader will refuse the next batch for this topic, which reports the error.
      if (!isOfOneTopic(error)) throw error
    }
  }

  async #inTurn(cluster: Cluster, question: () => Promise<void>): Promise<void> {
    const mine = this.#turn
      .catch(() => {})
      .then(question)
      .finally(() => {
        cluster.targetTopics = new Set(this.#topics)
      })
    this.#turn = mine
    return mine
  }

  async #ask(cluster: Cluster, topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    let unknown = topics
    for (let asked = 0; asked < MAX_QUESTIONS && unknown.length > 0; asked++) {
      cluster.targetTopics = new Set(topics)
      await cluster.refreshMetadata()
      unknown = topics.filter(topic => !this.#take(cluster, topic))
    }
    if (unknown.length === 0) return
    throw leaderMissing(`there is no leader for the partitions of ${unknown.join(', ')} yet`)
  }

  #take(cluster: Cluster, topic: string): boolean {
    const partitions = cluster.findTopicPartitionMetadata(topic)
    if (partitions.length === 0) return false
    this.#leaders.set(topic, new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader])))
    return true
  }
}

function isOfOneTopic(error: unknown): boolean {
  return OF_ONE_TOPIC.has(brokersAnswer(error) ?? '')
}
