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
/** Factor by which the range of offsets shrinks if a response ends before the end of the log. */
const CLOSER = 4

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
 * Reads ranges until a response reaches the end of each. A response is cut off at its size limit, so the next request begins closer to
 * the end. Ranges whose end cannot be read are omitted.
 *
 * @param ask sends a request to the leader of the partitions
 */
export async function readToEnds(
  ranges: readonly UnreadRange[],
  ask: (from: readonly BatchesFrom[]) => Promise<readonly FetchedBatches[]>,
): Promise<PartitionNewest[]> {
  const found: PartitionNewest[] = ranges
    .filter(({ offset, end }) => offset >= end)
    .map(({ topic, partition }) => ({ topic, partition, batches: [] }))
  for (let left = ranges.filter(({ offset, end }) => offset < end); left.length > 0; ) {
    const byTopic = Map.groupBy(left, ({ topic }) => topic)
    const answers = await ask([...byTopic].map(([topic, partitions]) => ({ topic, partitions })))
    const withoutBatches: UnreadRange[] = []
    const closer: UnreadRange[] = []
    for (const range of left) {
      const { topic, partition, offset, end } = range
      const answer = answers.find(one => one.topic === topic && one.partition === partition)
      if (answer && answer.errorCode !== 0) throw answerError(answer.errorCode)
      const last = answer?.batches.at(-1)
      const batches = answer?.batches.filter(({ isControl }) => !isControl) ?? []
      if (!last) withoutBatches.push(range)
      else if (last.lastOffset + 1 < end)
        closer.push({
          ...range,
          offset: Math.max(last.lastOffset + 1, end - Math.ceil((end - offset) / CLOSER)),
        })
      else if (batches.length > 0) found.push({ topic, partition, batches })
    }
    // Only the first partition of a request gets a batch above the limit. If it got none either, its range is dropped.
    left = [...withoutBatches.filter(range => range !== left[0]), ...closer]
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
