/**
 * Requests for information about a cluster. The client library does not support some of them, and discards the response to others
 * if a partition has no leader.
 */
import type { Broker, Cluster } from '@sluice/kafka-records'
import {
  askBroker,
  type ClusterMetadata,
  eachBroker,
  edgesQuestion,
  fetchMetadata,
  type LogDir,
  listAnswers,
  logDirsQuestion,
  type OfBroker,
  type OpenTransaction,
  type PartitionEdge,
  partitionsByLeader,
  type Question,
  readOpenTransactions,
  type Setting,
} from '@sluice/kafka-records/requests'
import { answerError, fetchSettings, openCluster } from './ask-cluster.ts'
import type { Kafka } from './client.ts'
import { ReconnectingClient } from './reconnecting-client.ts'
import type { TopicLayout } from './topic-admin.ts'
import type { Bounds } from './topic-offsets.ts'

/** Offset bounds by topic and partition; undefined if the leader did not respond. */
export type KnownBounds = ReadonlyMap<string, readonly (Bounds | undefined)[]>

/** Reads information about a cluster. Requests are sent one after another, over one connection to each broker. */
export class ClusterInspection {
  readonly #cluster: ReconnectingClient<Cluster>

  constructor(kafka: Kafka) {
    const open = async () => {
      const cluster = openCluster(kafka)
      await cluster.connect()
      return cluster
    }
    this.#cluster = new ReconnectingClient(open, cluster => cluster.disconnect())
  }

  /**
   * Resolves to brokers, topics and partitions, including partitions without a leader.
   *
   * @param topics topic names; all topics by default
   */
  metadata(topics?: readonly string[]): Promise<ClusterMetadata> {
    return this.#cluster.inTurn(cluster => fetchMetadata(cluster, topics))
  }

  /**
   * Resolves to the readable range of each partition. If the leader of a partition does not respond, the others are not affected.
   *
   * @param upTo `high-watermark` includes open transactions and the records after them
   */
  bounds(topics: readonly TopicLayout[], upTo: 'end' | 'high-watermark' = 'end'): Promise<KnownBounds> {
    return this.#cluster.inTurn(async cluster => {
      const byLeader = partitionsByLeader(topics)
      const edges = async (broker: Broker, id: number) => {
        const led = byLeader.get(id) ?? []
        const starts = await askBroker(broker, edgesQuestion(led, 'start'))
        return { starts, ends: await askBroker(broker, edgesQuestion(led, upTo)) }
      }
      return mergeBounds(topics, await eachBroker(cluster, [...byLeader.keys()], edges))
    })
  }

  /** Resolves to the open transactions behind which topics cannot be read. Missing topics have none. */
  openTransactions(topics: readonly string[]): Promise<OpenTransaction[]> {
    return this.#cluster.inTurn(cluster => readOpenTransactions(cluster, topics))
  }

  /**
   * Resolves to the log sizes on the disks of each broker, or to an error for a broker that does not respond.
   *
   * @param only topic to report; all topics by default
   */
  logDirs(brokers: readonly number[], only?: TopicLayout): Promise<OfBroker<readonly LogDir[]>[]> {
    const partitions = only?.partitions.map(({ partition }) => partition) ?? []
    const question = logDirsQuestion(only && { topic: only.topic, partitions })
    return this.#askEach(brokers, question, dirs => {
      // A broker reports a missing permission with an empty list.
      if (dirs.length === 0) throw answerError(CLUSTER_AUTHORIZATION_FAILED)
      return dirs
    })
  }

  /**
   * Resolves to all settings of a topic, including defaults.
   *
   * @throws an error response, such as UNKNOWN_TOPIC_OR_PARTITION
   */
  topicSettings(topic: string): Promise<readonly Setting[]> {
    return this.#cluster.inTurn(async cluster =>
      fetchSettings(await cluster.brokerPool.findConnectedBroker(), 'topic', topic),
    )
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  #askEach<Answer, T>(
    brokers: readonly number[],
    question: Question<Answer>,
    use: (answer: Answer) => T,
  ): Promise<OfBroker<T>[]> {
    return this.#cluster.inTurn(cluster =>
      eachBroker(cluster, brokers, async broker => use(await askBroker(broker, question))),
    )
  }
}

const CLUSTER_AUTHORIZATION_FAILED = 31

interface Edges {
  readonly starts: readonly PartitionEdge[]
  readonly ends: readonly PartitionEdge[]
}

/**
 * Combines the responses of brokers to bounds by topic and partition. @throws the error of the first broker if no broker has
 * responded
 */
function mergeBounds(topics: readonly TopicLayout[], answers: readonly OfBroker<Edges>[]): KnownBounds {
  const answered = listAnswers(answers)
  const starts = mapOffsets(answered.flatMap(edges => edges.starts))
  const ends = mapOffsets(answered.flatMap(edges => edges.ends))
  const boundsByTopic = new Map<string, (Bounds | undefined)[]>()
  for (const { topic, partitions } of topics) {
    const bounds: (Bounds | undefined)[] = []
    for (const { partition } of partitions) {
      const [start, end] = [starts.get(`${topic}/${partition}`), ends.get(`${topic}/${partition}`)]
      bounds[partition] = start === undefined || end === undefined ? undefined : { start, end }
    }
    boundsByTopic.set(topic, bounds)
  }
  return boundsByTopic
}

function mapOffsets(edges: readonly PartitionEdge[]): Map<string, number> {
  return new Map(
    edges.flatMap(({ topic, partition, errorCode, offset }) =>
      errorCode === 0 ? [[`${topic}/${partition}`, offset] as const] : [],
    ),
  )
}
