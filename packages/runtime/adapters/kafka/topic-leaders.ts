/** Partition leaders of the topics that a producer writes to. */
import type { Cluster } from '@sluice/kafka-records'
import { brokersAnswer, leaderMissing } from './availability.ts'

/**
 * Error responses about a single topic. After such a response, the library rejects the request for all topics without naming the
 * topic.
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
  /** Topics that are requested together. Topics in `#missing` are requested one by one, because one of them has caused an error. */
  readonly #topics = new Set<string>()
  readonly #missing = new Set<string>()
  readonly #leaders = new Map<string, Leaders>()
  /**
   * Completion of the latest request. Only one request is made at a time, because the library reads the topics from a field of the
   * cluster.
   */
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Returns the broker id of each partition's leader; negative if there is no leader. The result is empty before the first
   * response. If a topic is missing later, its last known leaders are returned.
   */
  get(topic: string): Leaders {
    return this.#leaders.get(topic) ?? new Map()
  }

  /** Looks up a topic. Rejects if it does not exist or has no known leaders yet. */
  load(cluster: Cluster, topic: string): Promise<void> {
    return this.#inTurn(cluster, () => this.#load(cluster, topic))
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
      for (const topic of [...this.#missing])
        await this.#load(cluster, topic).catch(error => {
          // The leader will refuse the next batch for this topic, which reports the error.
          if (!isOfOneTopic(error)) throw error
        })
    })
  }

  async #load(cluster: Cluster, topic: string): Promise<void> {
    await this.#ask(cluster, [topic])
    this.#missing.delete(topic)
    this.#topics.add(topic)
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
    for (let attempt = 0; attempt < MAX_QUESTIONS && unknown.length > 0; attempt++) {
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
