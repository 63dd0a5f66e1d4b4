/** The topics of a cluster, with the replicas and bounds of their partitions, and its brokers. */
import type { ClusterMetadata, LogDir } from '@sluice/kafka-records/requests'
import {
  type ClusterInspection,
  type KnownBounds,
  type OfBroker,
  type TopicLayout,
  type TopicPartition,
  toLayout,
} from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import { computeSum } from '../../../lib/support/count.ts'

export function isLeaderless({ leader }: Pick<TopicPartition, 'leader'>): boolean {
  return leader < 0
}

export function isUnderReplicated({
  replicas,
  inSync,
}: Pick<TopicPartition, 'replicas' | 'inSync'>): boolean {
  return inSync.length < replicas.length
}

export interface ClusterTopic extends TopicLayout {
  /** True for internal topics of Kafka. */
  readonly isInternal: boolean
}

/** Returns the topics in a metadata response, sorted by name, with sorted partitions. Pure. */
export function toClusterTopics({ topics }: ClusterMetadata): ClusterTopic[] {
  return topics
    .map(topic => ({ ...toLayout(topic), isInternal: topic.isInternal }))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1))
}

/** Returns all topics sorted by name, including internal ones. @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer` */
export async function listClusterTopics(
  cluster: Pick<ClusterInspection, 'metadata'>,
): Promise<ClusterTopic[]> {
  return toClusterTopics(await awaitKafkaAnswer('list of topics', cluster.metadata()))
}

/** Returns the first and last readable offsets of topics. @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer` */
export function readBounds(
  cluster: Pick<ClusterInspection, 'bounds'>,
  topics: readonly TopicLayout[],
): Promise<KnownBounds> {
  return awaitKafkaAnswer('ends of topics', cluster.bounds(topics))
}

/** Returns the bounds of the topics with these names like `readBounds`. Missing topics are omitted. */
export async function readBoundsByName(
  cluster: Pick<ClusterInspection, 'metadata' | 'bounds'>,
  names: readonly string[],
): Promise<KnownBounds> {
  const topics = await listClusterTopics(cluster)
  return readBounds(
    cluster,
    topics.filter(({ topic }) => names.includes(topic)),
  )
}

export interface ListedBroker {
  readonly id: number
  /** Host and port for clients; null for a broker that has replicas and is not in the cluster. */
  readonly address: string | null
  readonly rack: string | null
  /** Number of partitions that the broker leads. */
  readonly leads: number
  /** Size of all replicas on the broker; null if it does not report it. */
  readonly bytes: number | null
}

/**
 * Returns the brokers of a cluster, sorted by id. Pure.
 *
 * @param logDirs answers of the brokers about their disks. An answer may be missing.
 */
export function toListedBrokers(
  { brokers, topics }: ClusterMetadata,
  logDirs: readonly OfBroker<readonly LogDir[]>[],
): ListedBroker[] {
  const partitions = topics.flatMap(topic => topic.partitions)
  const present = new Map(brokers.map(broker => [broker.id, broker]))
  const ids = new Set([...present.keys(), ...partitions.flatMap(({ replicas }) => replicas)])
  return [...ids]
    .sort((a, b) => a - b)
    .map(id => {
      const broker = present.get(id)
      const found = logDirs.find(dir => dir.broker === id)
      const copies = found && 'answer' in found ? found.answer.flatMap(dir => dir.copies) : undefined
      return {
        id,
        address: broker ? `${broker.host}:${broker.port}` : null,
        rack: broker?.rack ?? null,
        leads: partitions.filter(({ leader }) => leader === id).length,
        bytes: copies ? computeSum(copies.map(({ bytes }) => bytes)) : null,
      }
    })
}
