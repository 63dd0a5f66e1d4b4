/** Topics of the cluster, and its brokers. */

import type { ClusterInspection } from '#runtime/adapters/kafka/cluster-inspection.ts'
import { RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import type { Bounds } from '#runtime/adapters/kafka/topic-offsets.ts'
import { type Signal, topicRow } from '../../../lib/app/topic-table.ts'
import {
  type ClusterTopic,
  isLeaderless,
  isUnderReplicated,
  toClusterTopics,
  toListedBrokers,
} from '../../../lib/queries/kafka/cluster.ts'
import { listGroupsReading } from '../../../lib/queries/kafka/consumer-groups.ts'
import { awaitKafkaAnswer } from '../../../lib/queries/kafka/kafka-answers.ts'
import { computeTopicSizes, readTopicSize, type TopicSize } from '../../../lib/queries/kafka/topic-sizes.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { type GroupSummary, readBounds, requireTopic, summarizeGroup } from './cluster-topics.ts'

export interface ListedTopic {
  readonly topic: string
  /** Signal of the topic; null for a topic of another application. */
  readonly signal: string | null
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicationFactor: number
  readonly underReplicated: number
  readonly leaderless: number
  /** Number of retained records; null if a partition has no leader. */
  readonly records: number | null
  /** Size of the topic without its additional replicas, in bytes; null if a broker does not report it. */
  readonly bytes: number | null
}

/** Maximum number of listed topics. Pages refresh the list every few seconds. */
const MAX_TOPICS = 1_000

/**
 * Lists the topics whose names contain the text, up to a limit, and the brokers. `more` is the number of matching topics that are not
 * listed.
 */
export async function listMatchingTopics(environment: ConsoleEnvironment, find: string) {
  const cluster = await environment.cluster()
  const fits = textFilter(find)
  const metadata = await awaitKafkaAnswer('list of topics', cluster.metadata())
  const matching = toClusterTopics(metadata).filter(({ topic }) => fits(topic))
  const shown = matching.slice(0, MAX_TOPICS)
  const bounds = await readBounds(cluster, shown)
  const ids = metadata.brokers.map(({ id }) => id)
  const logDirs = await awaitKafkaAnswer('sizes of topics', cluster.logDirs(ids))
  const sizes = computeTopicSizes(shown, logDirs)
  const topics = shown.map(topic =>
    toListedTopic(topic, environment.findSignal(topic.topic), bounds.get(topic.topic), sizes),
  )
  const brokers = toListedBrokers(metadata, logDirs)
  return { topics, more: matching.length - shown.length, brokers }
}

function toListedTopic(
  { topic, isInternal, partitions }: ClusterTopic,
  signal: Signal | undefined,
  bounds: readonly (Bounds | undefined)[] = [],
  sizes: ReadonlyMap<string, TopicSize>,
): ListedTopic {
  return {
    topic,
    signal: signal ?? null,
    isInternal,
    partitions: partitions.length,
    replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
    underReplicated: partitions.filter(partition => !isLeaderless(partition) && isUnderReplicated(partition))
      .length,
    leaderless: partitions.filter(isLeaderless).length,
    records: countRecords(bounds),
    bytes: sizes.get(topic)?.bytes ?? null,
  }
}

/** Returns the number of records, null if it is unknown for any partition. Pure. */
function countRecords(bounds: readonly (Bounds | undefined)[]): number | null {
  let records = 0
  for (const bound of bounds) {
    if (!bound) return null
    records += Math.max(0, bound.end - bound.start)
  }
  return records
}

export interface TopicAnswer {
  readonly topic: string
  readonly isInternal: boolean
  /** Declaration of the topic; null for a topic of another application. */
  readonly table: { readonly signal: string; readonly carries: string; readonly key: string } | null
  readonly partitions: readonly PartitionAnswer[]
  readonly bytes: number | null
  /** Size of all replicas, in bytes. */
  readonly bytesOfCopies: number | null
  /** Topic settings; null if this client is not authorized to read them. */
  readonly settings: readonly SettingAnswer[] | null
  readonly groups: readonly GroupSummary[]
}

export interface PartitionAnswer {
  readonly partition: number
  /** Broker id of the partition's leader; -1 if it has no leader, in which case all other values are unknown. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** Offset of the first record. `end` is the offset after the last record. */
  readonly start: number | null
  readonly end: number | null
  readonly bytes: number | null
}

export interface SettingAnswer {
  readonly name: string
  readonly value: string | null
  /** True if the value is set for this topic; false if it is a default of the brokers. */
  readonly isOwn: boolean
}

/** Describes one topic. @throws ProblemError for an unknown topic, RefusedByKafka or Unavailable */
export async function readTopic(environment: ConsoleEnvironment, name: string): Promise<TopicAnswer> {
  const cluster = await environment.cluster()
  const topic = await requireTopic(cluster, name)
  const bounds = (await readBounds(cluster, [topic])).get(name) ?? []
  const reading = await listGroupsReading(await environment.kafka(), { bounds: async () => bounds }, name)
  const size = await readTopicSize(cluster, topic)
  return {
    topic: name,
    isInternal: topic.isInternal,
    table: describeDeclaration(environment.findSignal(name)),
    partitions: toPartitionAnswers(topic, bounds, size),
    bytes: size.bytes,
    bytesOfCopies: size.bytesOfCopies,
    settings: await readSettings(cluster, name),
    groups: reading.map(group => summarizeGroup(environment, group)),
  }
}

function describeDeclaration(signal: Signal | undefined): TopicAnswer['table'] {
  if (!signal) return null
  const { carries, key } = topicRow(signal)
  return { signal, carries, key }
}

function toPartitionAnswers(
  { partitions }: ClusterTopic,
  bounds: readonly (Bounds | undefined)[],
  size: TopicSize,
): PartitionAnswer[] {
  return partitions.map(partition => {
    const { start = null, end = null } = bounds[partition.partition] ?? {}
    return { ...partition, start, end, bytes: size.partitions[partition.partition] ?? null }
  })
}

/**
 * Returns the settings of a topic, with explicitly set values first. Returns null if access is denied, so that the other properties
 * can still be shown.
 */
async function readSettings(
  cluster: ClusterInspection,
  topic: string,
): Promise<readonly SettingAnswer[] | null> {
  try {
    const settings = await awaitKafkaAnswer(`settings of topic ${topic}`, cluster.topicSettings(topic))
    return [...settings].sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (error instanceof RefusedByKafka) return null
    throw error
  }
}
