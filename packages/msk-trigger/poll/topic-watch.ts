import { type Cluster, createCluster } from '@sluice/kafka-records'
import {
  askBroker,
  type OpenTransaction,
  readOpenTransactions,
  type TopicId,
  topicIdsQuestion,
} from '@sluice/kafka-records/requests'
import type { Kafka } from 'kafkajs'
import { pause } from '../support/wait.ts'

/** Current state of a topic. */
export interface TopicState {
  /** Id of the topic, which changes if the topic is deleted and created again. Absent if the broker does not report ids. */
  readonly id?: string
  readonly partitionCount: number
}

/** States of topics by name. A topic that does not exist is absent. */
export type TopicStates = ReadonlyMap<string, TopicState>

/** Error code UNKNOWN_TOPIC_OR_PARTITION of the Kafka protocol. */
const UNKNOWN_TOPIC = 3
const NO_ID = /^0*$/

/** Requests the state of topics repeatedly over one connection. */
export class Topics {
  readonly #kafka: Kafka
  #cluster: Promise<Cluster> | undefined
  #haveIds = true
  #isClosed = false

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /**
   * Returns the state of these topics. Returns undefined if the brokers do not report topic ids, like Kafka before version 2.8.
   *
   * @throws Error after `close`
   */
  async states(names: readonly string[]): Promise<TopicStates | undefined> {
    if (!this.#haveIds) return undefined
    try {
      return await this.#ask(async cluster => {
        const broker = await cluster.brokerPool.findConnectedBroker()
        return readStates((await askBroker(broker, topicIdsQuestion(names))).topics)
      })
    } catch (error) {
      if ((error as { type?: string }).type !== 'UNSUPPORTED_VERSION') throw error
      this.#haveIds = false
      return undefined
    }
  }

  /** Returns the open transactions behind which these topics cannot be read. @throws Error after `close` */
  openTransactions(names: readonly string[]): Promise<OpenTransaction[]> {
    return this.#ask(cluster => readOpenTransactions(cluster, names))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#disconnect()
  }

  async #ask<T>(question: (cluster: Cluster) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error('the connection for questions about topics is closed')
    this.#cluster ??= this.#connect()
    const cluster = this.#cluster
    try {
      return await question(await cluster)
    } catch (error) {
      // The next request opens a new connection.
      if (this.#cluster === cluster) await this.#disconnect()
      throw error
    }
  }

  async #disconnect(): Promise<void> {
    const cluster = this.#cluster
    this.#cluster = undefined
    // Ignore errors, because a connection that was never opened or was lost need not be closed.
    await cluster?.then(open => open.disconnect()).catch(() => {})
  }

  async #connect(): Promise<Cluster> {
    const cluster = createCluster(this.#kafka, { allowAutoTopicCreation: false })
    await cluster.connect()
    return cluster
  }
}

function readStates(answer: readonly TopicId[]): TopicStates {
  const existing = answer.filter(({ errorCode }) => errorCode !== UNKNOWN_TOPIC)
  return new Map(
    existing.map(({ topic, id, partitionCount }): [string, TopicState] => [
      topic,
      { partitionCount, ...(!NO_ID.test(id) && { id }) },
    ]),
  )
}

/**
 * Interval of the checks, in milliseconds. Until the next check, a topic that was created again can be mistaken for the deleted
 * one, and added partitions are not detected.
 */
const LOOK_EVERY_MS = 1_000

/** Component that receives the state of its topic periodically. */
export interface TopicObserver {
  readonly topic: string
  /** @param state undefined if the topic does not exist */
  handleTopicState(state: TopicState | undefined): void
}

/** Checks the topics periodically. kafkajs does not detect that a topic was created again, and continues at the old offset. */
export class TopicWatch {
  readonly #topics: { topicStates: Topics['states'] }
  readonly #ending = new AbortController()

  constructor(topics: { topicStates: Topics['states'] }) {
    this.#topics = topics
  }

  /** Checks the topics until `close`. Never rejects. @param observers may lose members meanwhile */
  async run(observers: Iterable<TopicObserver>, everyMs = LOOK_EVERY_MS): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await pause(everyMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      const names = [...new Set(Array.from(observers, ({ topic }) => topic))]
      // Ignore the error: event sources that read from an unavailable broker report it.
      const states = await this.#topics.topicStates(names).catch(() => undefined)
      if (!states || this.#ending.signal.aborted) continue
      for (const observer of observers) observer.handleTopicState(states.get(observer.topic))
    }
  }

  close(): void {
    this.#ending.abort()
  }
}
