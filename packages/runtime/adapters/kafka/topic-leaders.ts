/** Leaders of the partitions of the topics that a producer writes to. */
import type { Cluster } from '@sluice/kafka-records'
import { brokersAnswer, leaderMissing } from './availability.ts'

/** Answers about one topic. The library fails the question about all topics with them, and does not name the topic. */
const OF_ONE_TOPIC: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
])

/** The answer may be that of an earlier question of the library. */
const MAX_QUESTIONS = 2

type Leaders = ReadonlyMap<number, number>

export class TopicLeaders {
  /** Topics asked for together, and those that a bad answer was about, asked for one by one. */
  readonly #topics = new Set<string>()
  readonly #missing = new Set<string>()
  readonly #leaders = new Map<string, Leaders>()
  /** One question at a time: its topics are in a field of the cluster. */
  #turn: Promise<unknown> = Promise.resolve()

  /** Returns the leader of each partition, negative without one. Empty before the first answer; kept when a topic is missing. */
  of(topic: string): Leaders {
    return this.#leaders.get(topic) ?? new Map()
  }

  /** Rejects if the topic does not exist, or has no known leaders yet. */
  load(cluster: Cluster, topic: string): Promise<void> {
    return this.#inTurn(cluster, async () => {
      await this.#ask(cluster, [topic])
      this.#missing.delete(topic)
      this.#topics.add(topic)
    })
  }

  /** Looks up all topics that were loaded. A missing one leaves the others alone. */
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
      // The next batch for it is refused by its leader, and reported.
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
