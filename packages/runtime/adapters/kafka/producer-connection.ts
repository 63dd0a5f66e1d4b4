/** Connection to the brokers for a producer that builds its own batches. */
import { type Broker, type Cluster, createCluster, protocolError } from '@sluice/kafka-records'
import { sendBatches } from '@sluice/kafka-records/writing'
import { RecordRefused } from '../../pipeline/errors.ts'
import { brokersAnswer, isAway, isRefusal, isRetriableAnswer } from './availability.ts'
import type { Kafka } from './client.ts'
import { notTaken, REFUSED_RECORD, RefusedByKafka, UNKNOWN_TOPIC, unknownTopic } from './errors.ts'
import type { BatchAnswer, ProducerNumbers, SendRequest } from './producer-ports.ts'
import { TopicLeaders } from './topic-leaders.ts'

/** Returns the error for calls after `close`. */
function connectionClosed(): Error {
  return new Error('the connection of the producer is closed')
}

/** Sends metadata and produce requests over connections of kafkajs. Failed requests are not retried here, but by the caller. */
export class ProducerConnection {
  readonly #client: () => Promise<Kafka>
  #cluster: Promise<Cluster> | undefined
  readonly #leaders = new TopicLeaders()
  #connected: Cluster | undefined
  #isClosed = false

  constructor(client: () => Promise<Kafka>) {
    this.#client = client
  }

  /** Looks up the partitions of a topic. Rejects if the topic does not exist or no broker responds. */
  async load(topic: string): Promise<void> {
    const cluster = await this.#connect()
    await this.#unlessClosed(cluster, this.#leaders.load(cluster, topic))
  }

  async refresh(): Promise<void> {
    const cluster = await this.#connect()
    await this.#unlessClosed(cluster, this.#leaders.refresh(cluster))
  }

  /**
   * Returns the broker ids of the partition leaders of a topic that `load` has looked up. The id is negative if there is no leader.
   */
  getLeaders(topic: string): ReadonlyMap<number, number> {
    return this.#leaders.get(topic)
  }

  async send(leader: number, { acks, onSent, ...request }: SendRequest): Promise<readonly BatchAnswer[]> {
    const cluster = await this.#connect()
    const broker = await this.#findBroker(cluster, cluster.findBroker({ nodeId: String(leader) }))
    const timeoutMs = Math.round(request.withinMs)
    const wire = { ...request, acks: acks === 'all' ? -1 : 1, timeoutMs } as const
    return sendBatches(broker, wire, request.withinMs, onSent)
  }

  /** Resolves to an identity by which brokers recognise this producer. */
  async identify(): Promise<ProducerNumbers> {
    const cluster = await this.#connect()
    const broker = await this.#findBroker(cluster, cluster.findControllerBroker())
    return broker.initProducerId({})
  }

  /** Closes the connections, and opens no more. A connection that is still being opened is closed afterwards. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connected?.disconnect().catch(() => {})
  }

  /** Connects on first use. After a failure, the next call tries again. */
  #connect(): Promise<Cluster> {
    if (this.#isClosed) return Promise.reject(connectionClosed())
    this.#cluster ??= this.#open().catch(error => {
      this.#cluster = undefined
      throw error
    })
    return this.#cluster
  }

  async #open(): Promise<Cluster> {
    const cluster = createCluster(await this.#client(), { allowAutoTopicCreation: false })
    await this.#unlessClosed(cluster, cluster.connect())
    if (this.#isClosed) throw connectionClosed()
    this.#connected = cluster
    return cluster
  }

  /**
   * Finds a broker. The library reconnects for every request, so a call that was in progress during `close`
   * must leave no connection open.
   */
  async #findBroker(cluster: Cluster, finding: Promise<Broker>): Promise<Broker> {
    const broker = await this.#unlessClosed(cluster, finding)
    if (!this.#isClosed) return broker
    await broker.disconnect().catch(() => {})
    throw connectionClosed()
  }

  async #unlessClosed<T>(cluster: Cluster, call: Promise<T>): Promise<T> {
    try {
      return await call
    } finally {
      if (this.#isClosed) await cluster.disconnect().catch(() => {})
    }
  }
}

export function mayPass(error: unknown): boolean {
  return isAway(error) || isRetriableAnswer(error)
}

/**
 * Converts an error of a connection to the engine's error. Messages of the library contain names and positions, never payload data.
 */
export function deliveryError(cause: unknown, place: string): Error {
  const answer = brokersAnswer(cause)
  const { message } = cause as Error
  const text = `${answer === undefined ? message : `${answer}: ${message}`} (${place})`
  if (answer === UNKNOWN_TOPIC) return unknownTopic(text, { cause })
  if (mayPass(cause)) return notTaken(text, { cause })
  return isRefusal(cause) ? new RefusedByKafka(text, { cause }) : (cause as Error)
}

/** Error code for a batch that the broker has already written. It counts as success. */
export const DUPLICATE_SEQUENCE = 46

/**
 * Error codes for a batch whose sequence number or producer id the broker does not expect. This attempt has not written the batch.
 */
export const FOREIGN_SEQUENCE: ReadonlySet<number> = new Set([45, 59])

/** Returns the engine's error for an error response of a partition leader. The message contains a remedy if one is known. */
export function answeredError(code: number, place: string): Error {
  const { name, isRetriable } = produceError(code)
  const message = `${name} for ${place}`
  if (name === UNKNOWN_TOPIC) return unknownTopic(message)
  if (isRetriable) return notTaken(message)
  if (!REFUSED_RECORD.has(name)) return new RefusedByKafka(message)
  if (name === 'INVALID_RECORD') return new RecordRefused(`Kafka refuses a record: ${message}`)
  return new RecordRefused(
    `Kafka refuses a record: it or its batch (see batchBytes) is larger than ${place} accepts (${name})`,
  )
}

/** Returns the protocol name of an error code, and whether the same batch may be accepted later. */
export function produceError(code: number): { readonly name: string; readonly isRetriable: boolean } {
  const error = protocolError(code)
  return { name: error.type, isRetriable: isAway(error) }
}
