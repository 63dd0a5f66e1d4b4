/** The cluster: its brokers, who controls it, what they lead and keep, and what is missing. */
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
  /** Release of the cluster's metadata; null if the cluster does not report it. */
  readonly metadataRelease: string | null
  /** Brokers by id. */
  readonly brokers: readonly BrokerDescription[]
  /** Brokers that are to keep copies, and are not in the cluster now. */
  readonly missing: readonly { readonly id: number; readonly copies: number }[]
  /** Without those that Kafka keeps for itself. */
  readonly topics: number
  readonly internalTopics: number
  /** Number of partitions of all topics. */
  readonly partitions: number
  /** Partitions that a copy of has fallen behind, without those that have no leader. */
  readonly underReplicated: number
  /** Partitions that no broker leads: nothing can be read from them or written to them. */
  readonly leaderless: number
}

export interface ControllerDescription {
  /** `kraft`: the controllers elect one of them. `unknown`: the cluster does not say. */
  readonly kind: 'kraft' | 'zookeeper' | 'unknown'
  /** The node that is active; null if that is not known. It need not be one of the brokers. */
  readonly id: number | null
  /** The nodes that elect it; empty with ZooKeeper. */
  readonly voters: readonly number[]
}

export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Release such as `4.3`; null if the broker does not report it. */
  readonly release: string | null
  /** Partitions that it leads, and those of which it keeps a copy. */
  readonly leads: number
  readonly copies: number
  /** Disks of the broker; null if it does not report them. */
  readonly disks: BrokerDisks | null
  /** Reason of missing disks. */
  readonly disksUnknown: 'refused' | 'unsupported' | 'away' | null
}

interface BrokerDisks {
  /** Size of all logs, in bytes. */
  readonly bytes: number
  /** Size of all volumes; null before Kafka 3.3. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
  /** Directories that cannot be used: their disk has failed. */
  readonly failed: readonly string[]
}

/** @throws RefusedByKafka or Unavailable, see `kafkaAnswer`; a broker that does not answer is described as such */
export async function clusterDescription(inspection: ClusterInspection): Promise<ClusterDescription> {
  const metadata = await kafkaAnswer('cluster', inspection.metadata())
  const ids = metadata.brokers.map(({ id }) => id)
  const ask = <T>(answer: Promise<T>) => kafkaAnswer('brokers', answer)
  const [features, logDirs] = [await ask(inspection.features(ids)), await ask(inspection.logDirs(ids))]
  return clusterIn({ metadata, features, logDirs, quorum: await quorumOf(inspection) })
}

/** Returns the quorum, undefined if the cluster does not report one, as with ZooKeeper. */
async function quorumOf(inspection: ClusterInspection): Promise<MetadataQuorum | undefined> {
  try {
    return await kafkaAnswer('controllers', inspection.quorum())
  } catch {
    // The quorum is one line of a page, which must not lose its other lines. The next question reports an outage of Kafka.
    return undefined
  }
}

export interface ClusterAnswers {
  readonly metadata: ClusterMetadata
  readonly features: readonly OfBroker<BrokerFeatures>[]
  readonly logDirs: readonly OfBroker<readonly LogDir[]>[]
  readonly quorum: MetadataQuorum | undefined
}

/** Pure. */
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

/** Feature with the release of a broker. Only clusters without ZooKeeper have it. */
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
  /** Whether Kafka keeps it for itself. */
  readonly isInternal: boolean
}

/** The topics of an answer in the order of their names and partitions. Pure. */
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
  // Without ZooKeeper, the metadata name any broker as the controller.
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
