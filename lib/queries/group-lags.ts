/** Consumer groups of a cluster, and their lags. */
import type { Kafka } from '../../packages/runtime/adapters/kafka/client.ts'
import type { KnownBounds } from '../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import {
  type Committed,
  committedOffsets,
  committedOffsetsOf,
  type GroupDescription,
  visibleGroups,
} from '../../packages/runtime/adapters/kafka/groups.ts'
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { kafkaAnswer } from './kafka-answers.ts'
import { type AgedPartitionLag, type ConsumerLag, partitionLags, withAges } from './lag.ts'
import { type BoundsSource, boundsIfThere } from './topics.ts'

/** A group, and its lag in each topic that it reads. */
export interface GroupLag extends Pick<GroupDescription, 'group' | 'state' | 'members'> {
  /** Records that it has not consumed, of all its topics. */
  readonly pending: number
  readonly topics: readonly TopicLag[]
}

interface TopicLag extends ConsumerLag {
  readonly topic: string
  /** Partitions without a leader: their pending records are unknown, and not counted. */
  readonly unknown: readonly number[]
}

/** Lag with the age of the oldest pending record of each partition. */
export interface AgedGroupLag extends Omit<GroupLag, 'topics'> {
  readonly topics: readonly AgedTopicLag[]
}

export interface AgedTopicLag extends Omit<TopicLag, 'partitions'> {
  readonly partitions: readonly AgedPartitionLag[]
}

/**
 * All consumer groups of the cluster that this client may see, by name, with states and members.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export function allGroups(kafka: Kafka): Promise<GroupDescription[]> {
  return kafkaAnswer('list of consumer groups', describedGroups(kafka))
}

async function describedGroups(kafka: Kafka): Promise<GroupDescription[]> {
  const described = await visibleGroups(kafka)
  // One that is listed is there, even where its coordinator does not describe it to this client.
  return described.map(one => (one.state === 'missing' ? { ...one, state: 'unknown' } : one))
}

/**
 * Distance of a group from the present ends of its topics: those of its members, and those with committed offsets. Without a
 * committed offset it is taken to begin with the first record.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function groupLag(
  kafka: Kafka,
  offsets: BoundsSource<Bounds | undefined>,
  description: GroupDescription,
): Promise<GroupLag> {
  const { group } = description
  const committed = await kafkaAnswer(`consumer group ${group}`, committedOffsets(kafka, group))
  return lagOf(offsets, description, committed)
}

/**
 * Returns lags as `groupLag` does, for many groups with few questions.
 *
 * @param boundsOf bounds of topics; one that does not exist is left out
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function groupLags(
  kafka: Kafka,
  boundsOf: (topics: readonly string[]) => Promise<KnownBounds>,
  groups: readonly GroupDescription[],
): Promise<GroupLag[]> {
  const names = groups.map(({ group }) => group)
  const committed = await kafkaAnswer('offsets of consumer groups', committedOffsetsOf(kafka, names))
  const committedBy = ({ group }: GroupDescription): Committed => committed.get(group) ?? new Map()
  const topics = new Set(groups.flatMap(group => topicsOf(group, committedBy(group))))
  const bounds = await boundsOf([...topics])
  const offsets = { bounds: async (topic: string) => bounds.get(topic) ?? [] }
  return Promise.all(groups.map(group => lagOf(offsets, group, committedBy(group))))
}

/** @param only the topics to look at; by default all that the group reads */
async function lagOf(
  offsets: BoundsSource<Bounds | undefined>,
  description: GroupDescription,
  committed: Committed,
  only?: string,
): Promise<GroupLag> {
  const { group, state, members } = description
  const wanted = topicsOf(description, committed).filter(topic => only === undefined || topic === only)
  const topics = await Promise.all(
    wanted.map(async topic => {
      const bounds = (await boundsIfThere(offsets, topic)) ?? []
      const partitions = partitionLags(bounds, listOf(committed.get(topic)))
      const unknown = bounds.flatMap((bound, partition) => (bound ? [] : [partition]))
      const pending = partitions.reduce((sum, one) => sum + one.pending, 0)
      return { topic, pending, partitions, unknown }
    }),
  )
  const pending = topics.reduce((sum, topic) => sum + topic.pending, 0)
  return { group, state, members, pending, topics }
}

/** The topics of its members, and those that it has offsets of. */
function topicsOf({ members }: GroupDescription, committed: Committed): string[] {
  const withOffsets = [...committed].flatMap(([topic, { size }]) => (size > 0 ? [topic] : []))
  const assigned = members.flatMap(member => Object.keys(member.assigned))
  return [...new Set([...withOffsets, ...assigned])].sort()
}

function listOf(committed: ReadonlyMap<number, number> = new Map()): number[] {
  const offsets: number[] = []
  for (const [partition, offset] of committed) offsets[partition] = offset
  return offsets
}

/**
 * Adds the age of the oldest pending record. Reads one record of each partition that has any.
 *
 * @param nowMs milliseconds since the epoch, on a clock that the broker's agrees with
 */
export async function withGroupAges(log: LogReader, lag: GroupLag, nowMs: number): Promise<AgedGroupLag> {
  const topics: AgedTopicLag[] = []
  for (const topic of lag.topics) topics.push(await withAges(log, topic, nowMs))
  return { ...lag, topics }
}

/** The groups that read a topic. @throws RefusedByKafka or Unavailable, see `kafkaAnswer` */
export async function groupsReading(
  kafka: Kafka,
  offsets: BoundsSource<Bounds | undefined>,
  topic: string,
): Promise<GroupLag[]> {
  const groups = await allGroups(kafka)
  const names = groups.map(({ group }) => group)
  const committed = await kafkaAnswer(`groups that read ${topic}`, committedOffsetsOf(kafka, names))
  const reading: GroupLag[] = []
  for (const group of groups) {
    const lag = await lagOf(offsets, group, committed.get(group.group) ?? new Map(), topic)
    if (lag.topics.length > 0) reading.push(lag)
  }
  return reading
}
