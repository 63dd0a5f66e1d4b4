/** Reads the headers of the newest batches, and the settings of the brokers that store them. */
import {
  askBroker,
  type BatchesFrom,
  type BatchHead,
  batchesQuestion,
  type FetchedBatches,
  type Setting,
} from '@sluice/kafka-records/requests'
import { answerError, askCluster, settingsOf } from './ask-cluster.ts'
import type { Kafka } from './client.ts'
import { eachBroker, type KnownBounds, type OfBroker, partitionsByLeader } from './cluster-inspection.ts'
import type { TopicLayout } from './topic-admin.ts'

/**
 * Batches by topic and partition, oldest first, without control batches. A partition is missing if its leader did not respond, or if
 * its log could not be read to the end.
 */
export type NewestBatches = ReadonlyMap<string, ReadonlyMap<number, readonly BatchHead[]>>

/** Limits per partition, sufficient for the last seconds of a busy topic and the last hours of a quiet topic. */
const NEWEST_OFFSETS = 500
const MAX_BYTES = 256 * 1024

/**
 * Resolves to the headers of the newest batches of topics.
 *
 * @throws errors of the library, or the first error response of a broker
 */
export async function newestBatches(
  kafka: Kafka,
  topics: readonly TopicLayout[],
  bounds: KnownBounds,
): Promise<NewestBatches> {
  const byLeader = partitionsByLeader(topics)
  const answers = await askCluster(kafka, cluster =>
    eachBroker(cluster, [...byLeader.keys()], (broker, id) => {
      const unread = (byLeader.get(id) ?? []).flatMap(one => newestRanges(one, bounds))
      return readToEnds(unread, from => askBroker(broker, batchesQuestion(from, MAX_BYTES)))
    }),
  )
  const found = new Map(topics.map(({ topic }) => [topic, new Map<number, readonly BatchHead[]>()]))
  for (const one of answers) {
    if ('error' in one) throw one.error
    for (const { topic, partition, batches } of one.answer) found.get(topic)?.set(partition, batches)
  }
  return found
}

/** Range of offsets of a partition. */
interface UnreadRange {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Offset after the last record. */
  readonly end: number
}

type PartitionNewest = Pick<FetchedBatches, 'topic' | 'partition' | 'batches'>

function newestRanges(
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] },
  bounds: KnownBounds,
): UnreadRange[] {
  return partitions.flatMap(partition => {
    const bound = bounds.get(topic)?.[partition]
    if (!bound) return []
    return [{ topic, partition, offset: Math.max(bound.start, bound.end - NEWEST_OFFSETS), end: bound.end }]
  })
}

/**
 * Reads ranges. A response is cut off at its size limit; in that case, the last batch of the partition is read alone, whatever its size.
 * Ranges whose last batch cannot be read are omitted.
 *
 * @param ask sends a request to the leader of the partitions
 */
export async function readToEnds(
  ranges: readonly UnreadRange[],
  ask: (from: readonly BatchesFrom[]) => Promise<readonly FetchedBatches[]>,
): Promise<PartitionNewest[]> {
  const read = async (some: readonly UnreadRange[]) => {
    const byTopic = Map.groupBy(some, ({ topic }) => topic)
    const answers = await ask([...byTopic].map(([topic, partitions]) => ({ topic, partitions })))
    return some.map(({ topic, partition }) => {
      const answer = answers.find(one => one.topic === topic && one.partition === partition)
      if (answer && answer.errorCode !== 0) throw answerError(answer.errorCode)
      return answer?.batches ?? []
    })
  }
  const found: PartitionNewest[] = []
  for (const [index, first] of (await read(ranges)).entries()) {
    const range = ranges[index] as UnreadRange
    const { topic, partition, offset, end } = range
    const isCut = offset < end && (first.at(-1)?.lastOffset ?? -1) + 1 < end
    const [last = []] = isCut ? await read([{ ...range, offset: end - 1 }]) : []
    const batches = [...first, ...last].filter(({ isControl }) => !isControl)
    if (!isCut || last.some(({ isControl }) => !isControl)) found.push({ topic, partition, batches })
  }
  return found
}

/** Resolves to all settings of each broker, including defaults, or to an error for a broker that refuses the request. */
export function brokerSettings(
  kafka: Kafka,
  brokers: readonly number[],
): Promise<OfBroker<readonly Setting[]>[]> {
  return askCluster(kafka, cluster =>
    eachBroker(cluster, brokers, (broker, id) => settingsOf(broker, 'broker', String(id))),
  )
}
