/** Topics of the cluster, and its brokers. */

import type { ClusterInspection } from '#runtime/adapters/kafka/cluster-inspection.ts'
import { RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import type { Bounds } from '#runtime/adapters/kafka/topic-offsets.ts'
import { type Signal, topicRow } from '../../../lib/app/topic-table.ts'
import type { ClusterTopic } from '../../../lib/queries/kafka/cluster.ts'
import { listGroupsReading } from '../../../lib/queries/kafka/consumer-groups.ts'
import { awaitKafkaAnswer } from '../../../lib/queries/kafka/kafka-answers.ts'
import { readTopicSize, type TopicSize } from '../../../lib/queries/kafka/topic-sizes.ts'
import { readBounds } from '../../../lib/questions/kafka.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { type GroupSummary, requireTopic, summarizeGroup } from './cluster-topics.ts'

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
