import { type Cluster, createCluster } from '@sluice/kafka-records'
import { askBroker, type TopicId, topicIdsQuestion } from '@sluice/kafka-records/asking'
import type { Kafka } from 'kafkajs'

/** A topic as the brokers have it now. */
export interface TopicState {
  /** Another one if a topic of the same name was deleted and created again. Absent if the broker does not tell. */
  readonly id?: string
  readonly partitionCount: number
}

/** By name. A topic that is missing does not exist. */
export type TopicStates = ReadonlyMap<string, TopicState>

/** The protocol's UNKNOWN_TOPIC_OR_PARTITION. */
const UNKNOWN_TOPIC = 3
const NO_ID = /^0*$/

/** Asks for the state of topics, again and again, over one connection. */
export class Topics {
  readonly #kafka: Kafka
  #cluster: Promise<Cluster> | undefined
  #haveIds = true
  #isClosed = false

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** Returns the state of these topics; undefined if the brokers have no ids for them, as before Kafka 2.8. @throws after `close` */
  async states(names: readonly string[]): Promise<TopicStates | undefined> {
    if (this.#isClosed) throw new Error('the connection for questions about topics is closed')
    if (!this.#haveIds) return undefined
    this.#cluster ??= this.#connect()
    const cluster = this.#cluster
    try {
      const broker = await (await cluster).brokerPool.findConnectedBroker()
      return statesIn(await askBroker(broker, topicIdsQuestion(names)))
    } catch (error) {
      // The next question opens a new connection.
      if (this.#cluster === cluster) await this.#disconnect()
      if ((error as { type?: string }).type !== 'UNSUPPORTED_VERSION') throw error
      this.#haveIds = false
      return undefined
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    const cluster = this.#cluster
    this.#cluster = undefined
    // A connection that was never opened, or is lost, needs no closing.
    await cluster?.then(open => open.disconnect()).catch(() => {})
  }

  async #connect(): Promise<Cluster> {
    const cluster = createCluster(this.#kafka, { allowAutoTopicCreation: false })
    await cluster.connect()
    return cluster
  }
}

function statesIn(answer: readonly TopicId[]): TopicStates {
  const existing = answer.filter(({ errorCode }) => errorCode !== UNKNOWN_TOPIC)
  return new Map(
    existing.map(({ topic, id, partitionCount }): [string, TopicState] => [
      topic,
      { partitionCount, ...(!NO_ID.test(id) && { id }) },
    ]),
  )
}
