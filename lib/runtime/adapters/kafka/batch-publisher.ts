/** Publishes many records in little processor time: each is encoded once. For commands; functions publish few records at a time. */
import { setTimeout as pause } from 'node:timers/promises'
import { BatchBuilder, type PartitionBatch } from '@sluice/kafka-records'
import type { Kafka } from 'kafkajs'
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import { RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import type { Publisher } from '../../pipeline/ports.ts'
import { murmur2Partitioner, UnknownPartition } from './partitioner.ts'
import { produceError } from './produce-errors.ts'
import { mayPass, ProducingConnection } from './producing.ts'
import { failureOf, REFUSED_RECORD, RefusedByKafka, requests, UnknownTopic } from './publisher.ts'

/** Waits before the second, third and fourth attempt. */
const WAITS_MS = [100, 300, 900]
/** How long the leaders of one attempt have for their answers. */
const ANSWER_MS = 5_000

/** Publishes to Kafka as `KafkaPublisher` does: acknowledged by all replicas, one request in flight. */
export class BatchPublisher implements Publisher {
  readonly #kafka: Kafka
  readonly #partition = murmur2Partitioner()
  #connection: ProducingConnection | undefined
  #known = new Set<string>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    const published = this.#last.then(() => this.#publish(records))
    this.#last = published.catch(() => {})
    return published
  }

  async close(): Promise<void> {
    await this.#last
    await this.#drop()
  }

  async #publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      for (const request of requests(records)) await this.#sendToPresent(request)
    } catch (error) {
      // A request without an answer may still be under way: without its connection, it cannot overtake later ones.
      await this.#drop()
      throw error instanceof RefusedAnswer ? error.failure() : failureOf(error)
    }
  }

  /** The topic may have grown since its partitions were looked up. */
  async #sendToPresent(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      await this.#send(records)
    } catch (error) {
      if (!(error instanceof UnknownPartition)) throw error
      await this.#drop()
      await this.#send(records)
    }
  }

  /** Sends again whatever is not acknowledged. A repeat is harmless, and nothing of a later request is sent before. */
  async #send(records: readonly OutgoingRecord[]): Promise<void> {
    let open: readonly PartitionBatch[] | undefined
    for (const waitMs of [...WAITS_MS, undefined]) {
      try {
        const connection = await this.#connected(records)
        open ??= await this.#batches(connection, records)
        const left = await unacknowledged(connection, open)
        if (left.batches.length === 0) return
        open = left.batches
        if (waitMs === undefined || !left.error.isRetriable) throw left.error
        await connection.refresh()
      } catch (error) {
        if (error instanceof RefusedAnswer || waitMs === undefined || !mayPass(error)) throw error
        await this.#drop()
      }
      await pause(waitMs)
    }
  }

  async #connected(records: readonly OutgoingRecord[]): Promise<ProducingConnection> {
    this.#connection ??= new ProducingConnection(async () => this.#kafka)
    for (const topic of new Set(records.map(({ topic }) => topic))) {
      if (this.#known.has(topic)) continue
      await this.#connection.load(topic)
      this.#known.add(topic)
    }
    return this.#connection
  }

  async #drop(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    this.#known = new Set()
    await connection?.close()
  }

  /** One batch for each partition, with its records in order. */
  async #batches(
    connection: ProducingConnection,
    records: readonly OutgoingRecord[],
  ): Promise<readonly PartitionBatch[]> {
    const nowMs = Date.now()
    const topics = new Map<string, Map<number, BatchBuilder>>()
    const partitionsOf = new Map<string, { partitionId: number; leader: number }[]>()
    for (const record of records) {
      const { topic } = record
      const builders = topics.get(topic) ?? new Map<number, BatchBuilder>()
      topics.set(topic, builders)
      const known = partitionsOf.get(topic) ?? partitions(connection, topic)
      partitionsOf.set(topic, known)
      for (const partition of this.#partitions(record, known)) {
        const builder = builders.get(partition) ?? new BatchBuilder()
        builders.set(partition, builder)
        builder.append(record, nowMs)
      }
    }
    const sealed = [...topics].flatMap(([topic, builders]) =>
      [...builders].map(async ([partition, builder]) => {
        return { topic, partition, bytes: (await builder.close('none')).sealed() }
      }),
    )
    return Promise.all(sealed)
  }

  #partitions(
    { topic, key, partition, everyPartition }: OutgoingRecord,
    known: { partitionId: number; leader: number }[],
  ): readonly number[] {
    if (everyPartition) return known.map(({ partitionId }) => partitionId)
    const message = { key, value: null, ...(partition === undefined ? {} : { partition }) }
    return [this.#partition({ topic, partitionMetadata: known as never, message })]
  }
}

function partitions(connection: ProducingConnection, topic: string) {
  return [...connection.leadersOf(topic)].map(([partitionId, leader]) => ({ partitionId, leader }))
}

/** What a leader has refused. */
class RefusedAnswer extends Error {
  override readonly name = 'RefusedAnswer'
  readonly isRetriable: boolean
  readonly #answer: string

  constructor({ topic, partition }: PartitionBatch, errorCode: number) {
    const { name, isRetriable } = produceError(errorCode)
    super(`${name}: the leader of ${topic}/${partition} does not take the records`)
    this.#answer = name
    this.isRetriable = isRetriable
  }

  /** As callers of a publisher know it. */
  failure(): Error {
    const { message } = this
    if (this.#answer === 'UNKNOWN_TOPIC_OR_PARTITION') return new UnknownTopic(message)
    if (REFUSED_RECORD.has(this.#answer)) return new RecordRefused(`Kafka refuses a record: ${message}`)
    if (this.isRetriable) return new Unavailable('broker-unavailable', `Kafka did not take it: ${message}`)
    return new RefusedByKafka(`Kafka refuses it: ${message}`)
  }
}

/** Sends the batches to their leaders, and returns those that are not acknowledged, with the worst answer. */
async function unacknowledged(connection: ProducingConnection, batches: readonly PartitionBatch[]) {
  const leaders = new Map<number, PartitionBatch[]>()
  for (const batch of batches) {
    const leader = connection.leadersOf(batch.topic).get(batch.partition) ?? -1
    leaders.set(leader, [...(leaders.get(leader) ?? []), batch])
  }
  const left: { readonly batch: PartitionBatch; readonly error: RefusedAnswer }[] = []
  const answered = await Promise.allSettled(
    [...leaders].map(async ([leader, group]) => {
      const request = { transactionalId: null, acks: 'all', withinMs: ANSWER_MS, batches: group } as const
      const answers = leader < 0 ? [] : await connection.send(leader, request)
      for (const batch of group) {
        const answer = answers.find(one => one.topic === batch.topic && one.partition === batch.partition)
        const errorCode = answer?.errorCode ?? NO_LEADER
        if (errorCode !== 0) left.push({ batch, error: new RefusedAnswer(batch, errorCode) })
      }
    }),
  )
  for (const answer of answered) if (answer.status === 'rejected') throw answer.reason
  const error = left.find(one => !one.error.isRetriable)?.error ?? left[0]?.error
  return { batches: left.map(({ batch }) => batch), error: error as RefusedAnswer }
}

/** LEADER_NOT_AVAILABLE of Kafka's protocol. */
const NO_LEADER = 5
