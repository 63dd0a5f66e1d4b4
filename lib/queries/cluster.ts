/** Describes a cluster: its brokers, its controller, the partitions and disks of each broker, and missing replicas. */
import type { BrokerFeatures, ClusterMetadata, LogDir, MetadataQuorum } from '@sluice/kafka-records/requests'
import { brokersAnswer, isRefusal } from '../../packages/runtime/adapters/kafka/availability.ts'
import type { ClusterInspection, OfBroker } from '../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import {
  layoutOf,
  type TopicLayout,
  type TopicPartition,
} from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { kafkaAnswer } from './kafka-answers.ts'
import { releaseOf } from './kafka-releases.ts'

export interface ClusterDescription {
  readonly clusterId: string | null
  readonly controller: ControllerDescription
  /** Release that corresponds to the cluster's metadata version; null if the cluster does not report it. */
  readonly metadataRelease: string | null
  /** Brokers, sorted by id. */
  readonly brokers: readonly BrokerDescription[]
  /** Brokers that should have replicas but are not in the cluster at present. */
  readonly missing: readonly { readonly id: number; readonly copies: number }[]
  /** Number of topics, without internal ones. */
  readonly topics: number
  readonly internalTopics: number
  /** Number of partitions of all topics. */
  readonly partitions: number
  /** Number of partitions with a replica that is not in sync. Partitions without a leader are not included. */
  readonly underReplicated: number
  /** Number of partitions without a leader, which cannot be read or written. */
  readonly leaderless: number
}

export interface ControllerDescription {
  /** Kind of the controller. `kraft`: an elected controller node. `unknown`: the cluster does not report it. */
  readonly kind: 'kraft' | 'zookeeper' | 'unknown'
  /** Id of the active controller; null if unknown. It need not be one of the brokers. */
  readonly id: number | null
  /** Ids of the voters; empty with ZooKeeper. */
  readonly voters: readonly number[]
}

export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Release of the broker, such as `4.3`; null if the broker does not report it. */
  readonly release: string | null
  /** Number of partitions that the broker leads. `copies` is the number of its replicas. */
  readonly leads: number
  readonly copies: number
  /** Disks of the broker; null if the broker does not report them. */
  readonly disks: BrokerDisks | null
  /** Reason why the disks are unknown. */
  readonly disksUnknown: 'refused' | 'unsupported' | 'away' | null
}

interface BrokerDisks {
  /** Size of all logs, in bytes. */
  readonly bytes: number
  /** Size of all volumes, in bytes; null before Kafka 3.3. `usableBytes` is their free space. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
  /** Log directories that cannot be used because their disk has failed. */
  readonly failed: readonly string[]
}

/**
 * Describes the cluster. A broker that does not answer is included without its disks.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function clusterDescription(inspection: ClusterInspection): Promise<ClusterDescription> {
  const metadata = await kafkaAnswer('cluster', inspection.metadata())
  const ids = metadata.brokers.map(({ id }) => id)
  const ask = <T>(answer: Promise<T>) => kafkaAnswer('brokers', answer)
  const [features, logDirs] = [await ask(inspection.features(ids)), await ask(inspection.logDirs(ids))]
  return clusterIn({ metadata, features, logDirs, quorum: await quorumOf(inspection) })
}

/** Returns the quorum; undefined if the cluster does not report one, as with ZooKeeper. */
async function quorumOf(inspection: ClusterInspection): Promise<MetadataQuorum | undefined> {
  try {
    return await kafkaAnswer('controllers', inspection.quorum())
  } catch {
    // A missing quorum must not prevent the rest of the description. If Kafka is unavailable, the next request reports it.
    return undefined
  }
}

export interface ClusterAnswers {
  readonly metadata: ClusterMetadata
  readonly features: readonly OfBroker<BrokerFeatures>[]
  readonly logDirs: readonly OfBroker<readonly LogDir[]>[]
  readonly quorum: MetadataQuorum | undefined
}

/** Builds the description from the answers of the cluster. Pure. */
export function clusterIn({ metadata, features, logDirs, quorum }: ClusterAnswers): ClusterDescription {
  const partitions = metadata.topics.flatMap(topic => topic.partitions)
  const levels = features.flatMap(one => ('answer' in one ? [one.answer] : []))
  const finalized = levels[0]?.finalized.get(METADATA)
  const copies = countsOf(partitions.flatMap(({ replicas }) => replicas))
  const led = countsOf(partitions.map(({ leader }) => leader))
  const brokers = [...metadata.brokers]
    .sort((a, b) => a.id - b.id)
    .map(broker => ({
      ...broker,
      release: releaseIn(features.find(one => one.broker === broker.id)),
      leads: led.get(broker.id) ?? 0,
      copies: copies.get(broker.id) ?? 0,
      ...disksIn(logDirs.find(one => one.broker === broker.id)),
    }))
  const missing = [...copies].filter(([id]) => !brokers.some(broker => broker.id === id))
  const leaderless = partitions.filter(isLeaderless).length
  const internalTopics = metadata.topics.filter(({ isInternal }) => isInternal).length
  return {
    clusterId: metadata.clusterId,
    controller: controllerIn(metadata, levels, quorum),
    metadataRelease: finalized === undefined ? null : releaseOf(finalized),
    brokers,
    missing: missing.map(([id, count]) => ({ id, copies: count })).sort((a, b) => a.id - b.id),
    topics: metadata.topics.length - internalTopics,
    internalTopics,
    partitions: partitions.length,
    underReplicated: partitions.filter(one => !isLeaderless(one) && isUnderReplicated(one)).length,
    leaderless,
  }
}

/** Feature that corresponds to the release of a broker. Only clusters without ZooKeeper have it. */
const METADATA = 'metadata.version'

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
  /** True for an internal topic of Kafka. */
  readonly isInternal: boolean
}

/** Returns the topics of an answer, sorted by name, with sorted partitions. Pure. */
export function layoutsIn({ topics }: ClusterMetadata): ClusterTopic[] {
  return topics
    .map(topic => ({ ...layoutOf(topic), isInternal: topic.isInternal }))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1))
}

function releaseIn(features: OfBroker<BrokerFeatures> | undefined): string | null {
  const level = features && 'answer' in features ? features.answer.supported.get(METADATA) : undefined
  return level === undefined ? null : releaseOf(level)
}

function controllerIn(
  { controllerId }: ClusterMetadata,
  levels: readonly BrokerFeatures[],
  quorum: MetadataQuorum | undefined,
): ControllerDescription {
  if (quorum) {
    const id = quorum.leader < 0 ? null : quorum.leader
    return { kind: 'kraft', id, voters: quorum.voters.map(voter => voter.id).sort((a, b) => a - b) }
  }
  // Without ZooKeeper, the metadata response reports any broker as the controller.
  if (levels.some(({ supported }) => supported.has(METADATA))) return { kind: 'kraft', id: null, voters: [] }
  if (levels.length === 0) return { kind: 'unknown', id: null, voters: [] }
  return { kind: 'zookeeper', id: controllerId < 0 ? null : controllerId, voters: [] }
}

function disksIn(
  answer: OfBroker<readonly LogDir[]> | undefined,
): Pick<BrokerDescription, 'disks' | 'disksUnknown'> {
  if (!answer || 'error' in answer) return { disks: null, disksUnknown: whyUnknown(answer?.error) }
  const dirs = answer.answer
  const sumOf = (sizes: readonly (number | null)[]) =>
    sizes.every(size => size !== null) ? sizes.reduce((sum, size) => sum + size, 0) : null
  const disks = {
    bytes: dirs.flatMap(dir => dir.copies).reduce((sum, { bytes }) => sum + bytes, 0),
    totalBytes: sumOf(dirs.map(dir => dir.totalBytes)),
    usableBytes: sumOf(dirs.map(dir => dir.usableBytes)),
    failed: dirs.filter(({ errorCode }) => errorCode !== 0).map(({ path }) => path),
  }
  return { disks, disksUnknown: null }
}

function whyUnknown(error: unknown): 'refused' | 'unsupported' | 'away' {
  if (error === undefined) return 'away'
  if (brokersAnswer(error) === 'UNSUPPORTED_VERSION') return 'unsupported'
  return isRefusal(error) ? 'refused' : 'away'
}

function countsOf(ids: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
