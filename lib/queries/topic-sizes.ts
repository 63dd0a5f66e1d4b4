/** Reads the disk space that topics use on brokers. */
import type { LogDir } from '@sluice/kafka-records/requests'
import type { ClusterInspection, OfBroker } from '../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import type { TopicLayout } from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/** Size of a topic. Values that no broker reports are null. */
export interface TopicSize {
  /** Size of all partitions, as reported by their leaders, in bytes. */
  readonly bytes: number | null
  /** Size of all replicas, in bytes. */
  readonly bytesOfCopies: number | null
  /** Size of each partition, as reported by its leader, in bytes. */
  readonly partitions: readonly (number | null)[]
}

/**
 * Returns the size of one topic. A broker that does not report sizes causes no error.
 *
 * @throws RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function topicSize(
  inspection: Pick<ClusterInspection, 'logDirs'>,
  topic: TopicLayout,
): Promise<TopicSize> {
  const brokers = [...new Set(topic.partitions.flatMap(({ replicas }) => replicas))]
  const what = `size of topic ${topic.topic}`
  return sizeIn(topic, copiesIn(await kafkaAnswer(what, inspection.logDirs(brokers, topic))))
}

/** Returns the size of each topic from the reports of all brokers, by topic. Pure. */
export function topicSizes(
  topics: readonly TopicLayout[],
  answers: readonly OfBroker<readonly LogDir[]>[],
): Map<string, TopicSize> {
  const copies = copiesIn(answers)
  return new Map(topics.map(topic => [topic.topic, sizeIn(topic, copies)]))
}

/** Sizes of replicas by topic, partition and broker, in bytes. */
type Copies = ReadonlyMap<string, number>

function copiesIn(answers: readonly OfBroker<readonly LogDir[]>[]): Copies {
  const copies = new Map<string, number>()
  for (const one of answers) {
    if (!('answer' in one)) continue
    // A replica that is being moved between disks would count twice.
    for (const { topic, partition, bytes, isFuture } of one.answer.flatMap(dir => dir.copies))
      if (!isFuture) copies.set(keyOf(topic, partition, one.broker), bytes)
  }
  return copies
}

function sizeIn({ topic, partitions }: TopicLayout, copies: Copies): TopicSize {
  const sizes: (number | null)[] = []
  for (const { partition, leader } of partitions)
    sizes[partition] = copies.get(keyOf(topic, partition, leader)) ?? null
  const all = partitions.flatMap(({ partition, replicas }) =>
    replicas.map(broker => copies.get(keyOf(topic, partition, broker)) ?? null),
  )
  return { bytes: sumOf(sizes), bytesOfCopies: sumOf(all), partitions: sizes }
}

function keyOf(topic: string, partition: number, broker: number): string {
  return `${topic}/${partition}@${broker}`
}

/** Returns the sum of sizes; null if one is unknown, because a partial sum would be mistaken for the whole. */
function sumOf(sizes: readonly (number | null)[]): number | null {
  let sum = 0
  for (const size of sizes) {
    if (size === null) return null
    sum += size
  }
  return sum
}
