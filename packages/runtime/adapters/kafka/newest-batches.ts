/** Reads the headers of the newest batches, and the settings of the brokers that store them. */
import {
  askBroker,
  type BatchesFrom,
  type BatchHead,
  batchesQuestion,
  eachBroker,
  type FetchedBatches,
  type OfBroker,
  partitionsByLeader,
  type Setting,
} from '@sluice/kafka-records/requests'
import { answerError, askCluster, fetchSettings } from './ask-cluster.ts'
import type { Kafka } from './client.ts'
import type { KnownBounds } from './cluster-inspection.ts'
import type { TopicLayout } from './topic-admin.ts'

/**
 * Batches by topic and partition, oldest first, without control batches. A partition is missing if its leader did not respond, or if
 * its last batch could not be read.
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
    eachBroker(cluster, [...byLeader.keys()], (broker, id) =>
      readToEnds(byLeader.get(id) ?? [], bounds, from => askBroker(broker, batchesQuestion(from, MAX_BYTES))),
    ),
  )
  const found = new Map(topics.map(({ topic }) => [topic, new Map<number, readonly BatchHead[]>()]))
  for (const answer of answers) {
    if ('error' in answer) throw answer.error
    for (const { topic, partition, batches } of answer.answer) found.get(topic)?.set(partition, batches)
  }
  return found
}

type TopicPartitions = Pick<BatchesFrom, 'topic'> & { readonly partitions: readonly number[] }

/**
 * Reads the newest batches. A response is cut off at its size limit; in that case, the last batch of the partition is read alone,
 * whatever its size.
 *
 * @param ask sends a request to the leader of the partitions
 */
export async function readToEnds(
  topics: readonly TopicPartitions[],
  bounds: KnownBounds,
  ask: (from: readonly BatchesFrom[]) => Promise<readonly FetchedBatches[]>,
): Promise<Omit<FetchedBatches, 'errorCode'>[]> {
  const read = async (from: readonly BatchesFrom[]) => {
    const answers = await ask(from)
    for (const { errorCode } of answers) if (errorCode !== 0) throw answerError(errorCode)
    return answers
  }
  const found: Omit<FetchedBatches, 'errorCode'>[] = []
  for (const { topic, partition, batches } of await read(topics.map(topic => newestFrom(topic, bounds)))) {
    const { start = 0, end = 0 } = bounds.get(topic)?.[partition] ?? {}
    const isCut = start < end && (batches.at(-1)?.lastOffset ?? -1) < end - 1
    const [last] = isCut ? await read([{ topic, partitions: [{ partition, offset: end - 1 }] }]) : []
    const newest = last?.batches.filter(({ isControl }) => !isControl) ?? []
    const data = [...batches.filter(({ isControl }) => !isControl), ...newest]
    if (!isCut || newest.length > 0) found.push({ topic, partition, batches: data })
  }
  return found
}

function newestFrom({ topic, partitions }: TopicPartitions, bounds: KnownBounds): BatchesFrom {
  const startOffsets = partitions.flatMap(partition => {
    const bound = bounds.get(topic)?.[partition]
    if (!bound) return []
    return [{ partition, offset: Math.max(bound.start, bound.end - NEWEST_OFFSETS) }]
  })
  return { topic, partitions: startOffsets }
}

/** Resolves to all settings of each broker, including defaults, or to an error for a broker that refuses the request. */
export function brokerSettings(
  kafka: Kafka,
  brokers: readonly number[],
): Promise<OfBroker<readonly Setting[]>[]> {
  return askCluster(kafka, cluster =>
    eachBroker(cluster, brokers, (broker, id) => fetchSettings(broker, 'broker', String(id))),
  )
}
