/** Describes a Kafka cluster: its brokers and controller, the partitions and disks of each broker, and missing replicas. */

import type { BrokerFeatures, ClusterMetadata, LogDir, MetadataQuorum } from '@sluice/kafka-records/requests'
import { brokersAnswer, isRefusal } from '../../packages/runtime/adapters/kafka/availability.ts'
import type { ClusterInspection, OfBroker } from '../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import {
  layoutOf,
  type TopicLayout,
  type TopicPartition,
} from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { sumIfKnown } from '../count.ts'
import { kafkaAnswer } from './kafka-answers.ts'
import { releaseOf } from './kafka-releases.ts'

export interface ClusterDescription {
  readonly clusterId: string | null
  readonly controller: ControllerDescription
  /** Kafka release that corresponds to the cluster's metadata version; null if the cluster does not report it. */
  readonly metadataRelease: string | null
  /** Brokers, sorted by id. */
  readonly brokers: readonly BrokerDescription[]
  /** Brokers that are assigned replicas but are currently not in the cluster. `copies` is the number of these replicas. */
  readonly missing: readonly { readonly id: number; readonly copies: number }[]
  /** Number of topics, excluding internal topics. */
  readonly topics: number
  readonly internalTopics: number
  /** Number of partitions in all topics. */
  readonly partitions: number
  /** Number of partitions with at least one replica out of sync. Partitions without a leader are not included. */
  readonly underReplicated: number
  /** Number of partitions without a leader. They can be neither read nor written. */
  readonly leaderless: number
}

export interface ControllerDescription {
  /** Type of the controller. `kraft`: a controller that the KRaft quorum elects. `unknown`: the cluster does not report it. */
  readonly kind: 'kraft' | 'zookeeper' | 'unknown'
  /** Id of the active controller; null if unknown. The controller is not necessarily one of the brokers. */
  readonly id: number | null
  /** Ids of the KRaft voters; empty for a cluster with ZooKeeper. */
  readonly voters: readonly number[]
}

export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Kafka release of the broker, such as `4.3`; null if the broker does not report it. */
  readonly release: string | null
  /** Number of partitions of which the broker is the leader. `copies` is the number of replicas on the broker. */
  readonly leads: number
  readonly copies: number
  /** Disk usage of the broker; null if the broker does not report it. */
  readonly disks: BrokerDisks | null
  /** Reason why the disk usage is unknown. */
  readonly disksUnknown: 'refused' | 'unsupported' | 'away' | null
}

interface BrokerDisks {
  /** Size of all partition logs, in bytes. */
  readonly bytes: number
  /** Total size of the volumes, in bytes; null before Kafka 3.3. `usableBytes` is their free space. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
  /** Paths of log directories that cannot be used because their disk has failed. */
  readonly failed: readonly string[]
}

/**
 * Describes the cluster. If a broker does not answer, its disk usage is omitted.
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

/** Returns the KRaft quorum. Undefined if the cluster does not report a quorum, for example because it uses ZooKeeper. */
async function quorumOf(inspection: ClusterInspection): Promise<MetadataQuorum | undefined> {
  try {
    return await kafkaAnswer('controllers', inspection.quorum())
  } catch {
    // The rest of the description is useful without the quorum. If Kafka is unavailable, the next request reports the outage.
    return undefined
  }
}

export interface ClusterAnswers {
  readonly metadata: ClusterMetadata
  readonly features: readonly OfBroker<BrokerFeatures>[]
  readonly logDirs: readonly OfBroker<readonly LogDir[]>[]
  readonly quorum: MetadataQuorum | undefined
}

/** Combines the answers of the cluster to a description. Pure. */
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

/** Kafka feature from whose level the release of a broker is derived. Only clusters without ZooKeeper have it. */
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
  /** True for internal topics of Kafka. */
  readonly isInternal: boolean
}

/** Returns the topics in a metadata response, sorted by name, with sorted partitions. Pure. */
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
  // In a cluster without ZooKeeper, the metadata response names an arbitrary broker as the controller.
  if (levels.some(({ supported }) => supported.has(METADATA))) return { kind: 'kraft', id: null, voters: [] }
  if (levels.length === 0) return { kind: 'unknown', id: null, voters: [] }
  return { kind: 'zookeeper', id: controllerId < 0 ? null : controllerId, voters: [] }
}

function disksIn(
  answer: OfBroker<readonly LogDir[]> | undefined,
): Pick<BrokerDescription, 'disks' | 'disksUnknown'> {
  if (!answer || 'error' in answer) return { disks: null, disksUnknown: whyUnknown(answer?.error) }
  const dirs = answer.answer
  const disks = {
    bytes: dirs.flatMap(dir => dir.copies).reduce((sum, { bytes }) => sum + bytes, 0),
    totalBytes: sumIfKnown(dirs.map(dir => dir.totalBytes)),
    usableBytes: sumIfKnown(dirs.map(dir => dir.usableBytes)),
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
