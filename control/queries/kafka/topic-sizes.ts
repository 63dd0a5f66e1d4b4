/** Reads how much disk space topics use on the brokers. */

import type { LogDir } from '@sluice/kafka-records/requests'
import type { ClusterInspection, OfBroker, TopicLayout } from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../../lib/log/kafka-answers.ts'
import { sumIfKnown } from '../../../lib/support/count.ts'

/** Size of a topic. A size is null if no broker reports it. */
export interface TopicSize {
  /** Size of all partitions in bytes, as reported by their leaders. */
  readonly bytes: number | null
  /** Size of all replicas, in bytes. */
  readonly bytesOfCopies: number | null
  /** Size of each partition in bytes, as reported by its leader. */
  readonly partitions: readonly (number | null)[]
}

/**
 * Returns the size of one topic. Brokers that do not report sizes are ignored.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function readTopicSize(
  inspection: Pick<ClusterInspection, 'logDirs'>,
  topic: TopicLayout,
): Promise<TopicSize> {
  const brokers = [...new Set(topic.partitions.flatMap(({ replicas }) => replicas))]
  const what = `size of topic ${topic.topic}`
  return computeSize(topic, collectCopies(await awaitKafkaAnswer(what, inspection.logDirs(brokers, topic))))
}

/** Combines the reports of all brokers to the size of each topic, by topic name. Pure. */
export function computeTopicSizes(
  topics: readonly TopicLayout[],
  answers: readonly OfBroker<readonly LogDir[]>[],
): Map<string, TopicSize> {
  const copies = collectCopies(answers)
  return new Map(topics.map(topic => [topic.topic, computeSize(topic, copies)]))
}

/** Size of each replica in bytes, by topic, partition and broker. */
type Copies = ReadonlyMap<string, number>

function collectCopies(answers: readonly OfBroker<readonly LogDir[]>[]): Copies {
  const copies = new Map<string, number>()
  for (const answer of answers) {
    if (!('answer' in answer)) continue
    // Kafka reports a replica twice while it is moved between disks. The future copy is not counted.
    for (const { topic, partition, bytes, isFuture } of answer.answer.flatMap(dir => dir.copies))
      if (!isFuture) copies.set(toKey(topic, partition, answer.broker), bytes)
  }
  return copies
}

function computeSize({ topic, partitions }: TopicLayout, copies: Copies): TopicSize {
  const sizes: (number | null)[] = []
  for (const { partition, leader } of partitions)
    sizes[partition] = copies.get(toKey(topic, partition, leader)) ?? null
  const all = partitions.flatMap(({ partition, replicas }) =>
    replicas.map(broker => copies.get(toKey(topic, partition, broker)) ?? null),
  )
  return { bytes: sumIfKnown(sizes), bytesOfCopies: sumIfKnown(all), partitions: sizes }
}

function toKey(topic: string, partition: number, broker: number): string {
  return `${topic}/${partition}@${broker}`
}
