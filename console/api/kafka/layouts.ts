/**
 * Queries that several Kafka routes use: topics of the cluster, their offsets, and the functions to which consumer groups belong.
 */

import type { ClusterInspection, KnownBounds } from '#runtime/adapters/kafka/cluster-inspection.ts'
import type { TopicLayout } from '#runtime/adapters/kafka/topic-admin.ts'
import { type ClusterTopic, layoutsIn } from '../../../lib/queries/kafka/cluster.ts'
import { kafkaAnswer } from '../../../lib/queries/kafka/kafka-answers.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'

/** Returns all topics sorted by name, including internal ones. @throws RefusedByKafka or Unavailable */
export async function clusterTopics(cluster: ClusterInspection): Promise<ClusterTopic[]> {
  return layoutsIn(await kafkaAnswer('list of topics', cluster.metadata()))
}

/** Returns one topic. @throws ProblemError for an unknown topic, RefusedByKafka or Unavailable */
export async function topicCalled(cluster: ClusterInspection, name: string): Promise<ClusterTopic> {
  const found = (await clusterTopics(cluster)).find(({ topic }) => topic === name)
  if (found) return found
  throw new ProblemError('not-found', `Kafka has no topic ${name}. See the list of topics.`)
}

/** Returns the first and last readable offsets of a topic. @throws RefusedByKafka or Unavailable */
export function boundsOf(
  cluster: Pick<ClusterInspection, 'bounds'>,
  topics: readonly TopicLayout[],
): Promise<KnownBounds> {
  return kafkaAnswer('ends of topics', cluster.bounds(topics))
}

/** Returns the function that uses a group; null for a group of another application. */
export function functionOf({ consumers }: ConsoleEnvironment, group: string): string | null {
  return consumers.find(consumer => consumer.group === group)?.function ?? null
}
