/**
 * Reads a stretch of a partition without a consumer group: a group costs seconds to join, rights on groups, and a
 * rebalance. The library has no public way to do that, so this file uses parts of it that it does not promise to keep:
 * therefore its version is pinned exactly, and the suite of this port tells whether another one still has them.
 */
import { UnreadableBatch } from '@sluice/kafka-records'
import type { Kafka } from 'kafkajs'
import Batch from 'kafkajs/src/consumer/batch.js'
import {
  type LogReader,
  type Looked,
  type Stretch,
  Unavailable,
  UnreadableLog,
} from '../../pipeline/ports.ts'
import { isRetriableAnswer } from './answers.ts'
import { askLeaders } from './ask-leaders.ts'
import { isAway, isRefusal } from './availability.ts'
import { Fresh } from './fresh.ts'
import { logRecordOf } from './messages.ts'

/** Of the protocol: what of transactions a reader sees. */
const ISOLATION = { 'read-uncommitted': 0, 'read-committed': 1 } as const
export type Isolation = keyof typeof ISOLATION

const FETCH_BYTES = 4 * 1024 * 1024

/** Shorter than elsewhere: what a batch cannot read now, the next one reads. */
const PATIENCE_OF_A_BATCH = { leaderMs: 3_000, topicMs: 0 }

/** The library's own connection to a cluster. */
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findBroker(node: { nodeId: string }): Promise<Broker>
  fetchTopicsOffset(
    topics: readonly {
      topic: string
      fromBeginning: boolean
      partitions: readonly { partition: number }[]
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>
}

interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: object[] }[] }>
}

type ClusterMaker = (options: { allowAutoTopicCreation: boolean; isolationLevel: number }) => Cluster

export class KafkaLogReader implements LogReader {
  readonly #isolation: Isolation
  readonly #cluster: Fresh<Cluster>

  /** @param isolation that of the event source mapping: both must see the same log */
  constructor(kafka: Kafka, isolation: Isolation = 'read-committed') {
    this.#isolation = isolation
    const open = async () => {
      const cluster = clusterMaker(kafka)({
        allowAutoTopicCreation: false,
        isolationLevel: ISOLATION[isolation],
      })
      await cluster.connect()
      return cluster
    }
    this.#cluster = new Fresh(open, cluster => cluster.disconnect())
  }

  async read(topic: string, partition: number, stretch: Stretch): Promise<Looked> {
    try {
      return await askLeaders(() => this.#read(topic, partition, stretch), PATIENCE_OF_A_BATCH)
    } catch (error) {
      throw failureOf(error, `${topic}/${partition} cannot be read from offset ${stretch.fromOffset} on`)
    }
  }

  close(): Promise<void> {
    return this.#cluster.drop()
  }

  /** After a failure the next one begins with new metadata, or with a new connection. */
  async #read(topic: string, partition: number, stretch: Stretch): Promise<Looked> {
    const cluster = await this.#cluster.get()
    try {
      await cluster.addTargetTopic(topic)
      const logStart = await startOf(cluster, topic, partition)
      const fromOffset = Math.max(stretch.fromOffset, logStart)
      if (fromOffset > stretch.toOffset) return { records: [], nextOffset: stretch.toOffset + 1, logStart }
      const batch = await this.#fetch(cluster, topic, partition, fromOffset)
      const last = batch.messagesWithinOffset.at(-1)
      // It is below a record that was delivered. So an open transaction hides it, or this replica has just taken over.
      if (!last) throw unavailable(`Kafka has nothing of ${topic}/${partition} from offset ${fromOffset} on`)
      const records = batch.messages.map(message => logRecordOf(topic, partition, message))
      return { records, nextOffset: Number(last.offset) + 1, logStart }
    } catch (error) {
      // Other partitions are read over the same connection, so it is closed only if it may be broken.
      if (isRetriableAnswer(error)) await cluster.refreshMetadata()
      else await this.#cluster.drop()
      throw error
    }
  }

  async #fetch(cluster: Cluster, topic: string, partition: number, offset: number): Promise<Batch> {
    const broker = await cluster.findBroker({ nodeId: leaderOf(cluster, topic, partition) })
    const { responses } = await broker.fetch({
      isolationLevel: ISOLATION[this.#isolation],
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
    })
    return new Batch(topic, String(offset), responses[0]?.partitions[0])
  }
}

async function startOf(cluster: Cluster, topic: string, partition: number): Promise<number> {
  const partitions = [{ partition }]
  const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning: true, partitions }])
  return Number(found?.partitions[0]?.offset)
}

function leaderOf(cluster: Cluster, topic: string, partition: number): string {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (leader === undefined) throw unavailable(`${topic}/${partition} has no leader`)
  return leader
}

/** The client keeps what it makes clusters with, with addresses and credentials, behind a symbol of its own. */
function clusterMaker(kafka: Kafka): ClusterMaker {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  const maker = symbol && (kafka as unknown as Record<symbol, ClusterMaker>)[symbol]
  if (!maker) throw new Error('this version of kafkajs has no way to a cluster: go back to 2.2.4')
  return maker
}

function unavailable(message: string, options?: ErrorOptions): Unavailable {
  return new Unavailable('broker-unavailable', message, options)
}

/** Only what passes by itself is `Unavailable`; a bug stays what it is, and is told with its place in the code. */
function failureOf(error: unknown, what: string): unknown {
  if (error instanceof Unavailable) return error
  const message = `${what}: ${(error as Error).message}`
  if (isAway(error)) return unavailable(message, { cause: error })
  if (isRefusal(error) || error instanceof UnreadableBatch)
    return new UnreadableLog(message, { cause: error })
  return error
}
