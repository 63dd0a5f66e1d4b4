/** The topics of the cluster. */
import { signalNamed } from '../../../lib/app/topics.ts'
import { type ClusterTopic, isLeaderless, isUnderReplicated } from '../../../lib/queries/cluster.ts'
import { kafkaAnswer } from '../../../lib/queries/kafka-answers.ts'
import { type TopicSize, topicSizes } from '../../../lib/queries/topic-sizes.ts'
import type { ClusterInspection } from '../../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { boundsOf, clusterTopics, isFound } from './layouts.ts'

export interface ListedTopic {
  readonly topic: string
  /** Its name in the table of topics; null if it is not one of the environment's. */
  readonly signal: string | null
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicationFactor: number
  readonly underReplicated: number
  readonly leaderless: number
  /** What Kafka keeps now; null if a partition has no leader. */
  readonly records: number | null
  /** Of each log once; null if a broker does not tell. */
  readonly bytes: number | null
}

/** A page with more would be too long to read and to send every few seconds. */
const MOST_TOPICS = 1_000

/** The topics whose names have this part, up to a limit; `more` counts those that match and are not listed. */
export async function listedTopics(environment: ConsoleEnvironment, find: string) {
  const cluster = await environment.cluster()
  const matching = (await clusterTopics(cluster)).filter(({ topic }) => isFound(topic, find))
  const shown = matching.slice(0, MOST_TOPICS)
  const bounds = await boundsOf(cluster, shown)
  const sizes = await sizesOf(cluster, shown)
  const topics = shown.map(topic =>
    listedTopic(topic, environment.config.env, bounds.get(topic.topic), sizes),
  )
  return { topics, more: matching.length - shown.length }
}

async function sizesOf(
  cluster: ClusterInspection,
  topics: readonly ClusterTopic[],
): Promise<ReadonlyMap<string, TopicSize>> {
  const brokers = new Set(topics.flatMap(topic => topic.partitions.flatMap(({ replicas }) => replicas)))
  return topicSizes(topics, await kafkaAnswer('sizes of topics', cluster.logDirs([...brokers])))
}

function listedTopic(
  { topic, isInternal, partitions }: ClusterTopic,
  env: string,
  bounds: readonly (Bounds | undefined)[] = [],
  sizes: ReadonlyMap<string, TopicSize>,
): ListedTopic {
  return {
    topic,
    signal: signalNamed(topic, env) ?? null,
    isInternal,
    partitions: partitions.length,
    replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
    underReplicated: partitions.filter(one => !isLeaderless(one) && isUnderReplicated(one)).length,
    leaderless: partitions.filter(isLeaderless).length,
    records: recordsIn(bounds),
    bytes: sizes.get(topic)?.bytes ?? null,
  }
}

/** Null if it is not known of one partition. Pure. */
function recordsIn(bounds: readonly (Bounds | undefined)[]): number | null {
  let records = 0
  for (const bound of bounds) {
    if (!bound) return null
    records += Math.max(0, bound.end - bound.start)
  }
  return records
}
