/** Reads the headers of the newest batches, and the settings of the brokers that store them. */
import {
  askBroker,
  type BatchesFrom,
  type BatchHead,
  batchesQuestion,
  type Setting,
} from '@sluice/kafka-records/requests'
import { answerError, askCluster, settingsOf } from './ask-cluster.ts'
import type { Kafka } from './client.ts'
import { eachBroker, type KnownBounds, type OfBroker, partitionsByLeader } from './cluster-inspection.ts'
import type { TopicLayout } from './topic-admin.ts'

/**
 * Batches by topic and partition, oldest first, without control batches. The list of a partition is empty if its leader did not
 * respond.
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
      const from = (byLeader.get(id) ?? []).map(one => newestFrom(one, bounds))
      return askBroker(broker, batchesQuestion(from, MAX_BYTES))
    }),
  )
  const found = new Map(topics.map(({ topic }) => [topic, new Map<number, readonly BatchHead[]>()]))
  for (const one of answers) {
    if ('error' in one) throw one.error
    for (const { topic, partition, errorCode, batches } of one.answer) {
      if (errorCode !== 0) throw answerError(errorCode)
      const data = batches.filter(({ isControl }) => !isControl)
      found.get(topic)?.set(partition, data)
    }
  }
  return found
}

function newestFrom(
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] },
  bounds: KnownBounds,
): BatchesFrom {
  const known = partitions.flatMap(partition => {
    const bound = bounds.get(topic)?.[partition]
    if (!bound || bound.end === bound.start) return []
    return [{ partition, offset: Math.max(bound.start, bound.end - NEWEST_OFFSETS) }]
  })
  return { topic, partitions: known }
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
