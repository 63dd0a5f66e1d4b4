/** Reads the states, the members and the lag of the consumer groups of a cluster. */
import {
  type Committed,
  describeGroups,
  fetchOffsetsByGroup,
  type GroupDescription,
  type Kafka,
  type KnownBounds,
  listVisibleGroups,
} from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import { computeSum } from '../../../lib/support/count.ts'
import { readBoundsByName } from './cluster.ts'
import { type AgedPartitionLag, addAges, type ConsumerLag, computePartitionLags } from './consumer-lag.ts'

/** Consumer group with its lag in each topic that it reads. */
export interface GroupLag extends Pick<GroupDescription, 'group' | 'state' | 'members'> {
  /** Number of records that the group has not consumed, in all its topics. */
  readonly pending: number
  readonly topics: readonly TopicLag[]
}

interface TopicLag extends ConsumerLag {
  readonly topic: string
  /** Partitions whose offsets Kafka does not report. Their pending records are not included in the counts. */
  readonly unknown: readonly number[]
}

/** Lag of a group, with the age of the oldest pending record in each partition. */
export interface AgedGroupLag extends Omit<GroupLag, 'topics'> {
  readonly topics: readonly AgedTopicLag[]
}

interface AgedTopicLag extends Omit<TopicLag, 'partitions'> {
  readonly partitions: readonly AgedPartitionLag[]
}

/**
 * Returns the groups with these names, in the same order. A group that does not exist in Kafka has the state `missing`.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export function readConsumerGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  return awaitKafkaAnswer(`consumer groups ${groups.join(', ')}`, describeGroups(kafka, groups))
}

/**
 * Returns all consumer groups that this client may describe, sorted by name, with states and members.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export function listGroups(kafka: Kafka): Promise<GroupDescription[]> {
  return awaitKafkaAnswer('list of consumer groups', listVisibleGroups(kafka))
}

/**
 * Returns the lag of groups in the topics of their members, and in topics for which they have committed offsets. A group without a
 * committed offset is assumed to start at the first record. Topics that do not exist are omitted.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function readGroupLags(
  kafka: Kafka,
  cluster: Parameters<typeof readBoundsByName>[0],
  groups: readonly GroupDescription[],
): Promise<GroupLag[]> {
  const names = groups.map(({ group }) => group)
  const committed = await awaitKafkaAnswer('offsets of consumer groups', fetchOffsetsByGroup(kafka, names))
  const getCommitted = ({ group }: GroupDescription): Committed => committed.get(group) ?? new Map()
  const topics = new Set(groups.flatMap(group => listTopics(group, getCommitted(group))))
  const bounds = await readBoundsByName(cluster, [...topics])
  return groups.map(group => computeLag(bounds, group, getCommitted(group)))
}

/**
 * Returns the lag of a group.
 *
 * @param only topics to include; defaults to all topics that the group reads
 */
function computeLag(
  boundsByTopic: KnownBounds,
  description: GroupDescription,
  committed: Committed,
  only?: string,
): GroupLag {
  const { group, state, members } = description
  const wanted = listTopics(description, committed).filter(topic => only === undefined || topic === only)
  const topics = wanted.map(topic => {
    const bounds = boundsByTopic.get(topic) ?? listUnreported(topic, description, committed)
    const partitions = computePartitionLags(bounds, toOffsetList(committed.get(topic)))
    const unknown = bounds.flatMap((bound, partition) => (bound ? [] : [partition]))
    const pending = computeSum(partitions.map(partition => partition.pending))
    return { topic, pending, partitions, unknown }
  })
  return { group, state, members, pending: computeSum(topics.map(topic => topic.pending)), topics }
}

/** Returns unknown bounds for the partitions of a topic that Kafka does not describe to this client. */
function listUnreported(topic: string, { members }: GroupDescription, committed: Committed): undefined[] {
  const assigned = (members ?? []).flatMap(member => member.assigned[topic] ?? [])
  return Array(Math.max(-1, ...assigned, ...(committed.get(topic)?.keys() ?? [])) + 1).fill(undefined)
}

/** Returns the topics of the group's members, and the topics for which it has committed offsets. */
function listTopics({ members }: GroupDescription, committed: Committed): string[] {
  const withOffsets = [...committed].flatMap(([topic, { size }]) => (size > 0 ? [topic] : []))
  const assigned = (members ?? []).flatMap(member => Object.keys(member.assigned))
  return [...new Set([...withOffsets, ...assigned])].sort()
}

function toOffsetList(committed: ReadonlyMap<number, number> = new Map()): number[] {
  const offsets: number[] = []
  for (const [partition, offset] of committed) offsets[partition] = offset
  return offsets
}

/**
 * Adds the age of the oldest pending record. One record is read from each partition that has lag.
 *
 * @param nowMs current time in milliseconds since the epoch. The clock must be synchronised with the broker's clock.
 */
export async function addGroupAges(log: LogReader, lag: GroupLag, nowMs: number): Promise<AgedGroupLag> {
  const topics: AgedTopicLag[] = []
  for (const topic of lag.topics) topics.push(await addAges(log, topic, nowMs))
  return { ...lag, topics }
}

/** Returns the partitions with records that a group has not consumed. Pure. */
export function listWaiting<Partition extends { readonly pending: number }>({
  topics,
}: {
  readonly topics: readonly { readonly partitions: readonly Partition[] }[]
}): Partition[] {
  return topics.flatMap(({ partitions }) => partitions.filter(({ pending }) => pending > 0))
}

/** Returns the age of a group's oldest pending record in seconds; 0 without lag, null if no age is known. Pure. */
export function computeLongestWait(lag: Pick<AgedGroupLag, 'topics'>): number | null {
  const waiting = listWaiting(lag)
  const ages = waiting.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
  if (waiting.length > 0 && ages.length === 0) return null
  return Math.max(0, ...ages)
}

/**
 * Returns the consumer groups that read a topic.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function listGroupsReading(
  kafka: Kafka,
  bounds: KnownBounds,
  topic: string,
): Promise<GroupLag[]> {
  const groups = await listGroups(kafka)
  const names = groups.map(({ group }) => group)
  const committed = await awaitKafkaAnswer(`groups that read ${topic}`, fetchOffsetsByGroup(kafka, names))
  return groups
    .map(group => computeLag(bounds, group, committed.get(group.group) ?? new Map(), topic))
    .filter(({ topics }) => topics.length > 0)
}
