/**
 * Queries that several Kafka routes use: topics of the cluster, their offsets, and the functions to which consumer groups belong.
 */

import type { ClusterInspection, KnownBounds } from '#runtime/adapters/kafka/cluster-inspection.ts'
import type { TopicLayout } from '#runtime/adapters/kafka/topic-admin.ts'
import { type ClusterTopic, toClusterTopics } from '../../../lib/queries/kafka/cluster.ts'
import type { GroupLag } from '../../../lib/queries/kafka/consumer-groups.ts'
import { awaitKafkaAnswer } from '../../../lib/queries/kafka/kafka-answers.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'

/** Returns all topics sorted by name, including internal ones. @throws RefusedByKafka or Unavailable */
export async function listClusterTopics(cluster: ClusterInspection): Promise<ClusterTopic[]> {
  return toClusterTopics(await awaitKafkaAnswer('list of topics', cluster.metadata()))
}

/** Returns one topic. @throws ProblemError for an unknown topic, RefusedByKafka or Unavailable */
export async function requireTopic(cluster: ClusterInspection, name: string): Promise<ClusterTopic> {
  const description = (await listClusterTopics(cluster)).find(({ topic }) => topic === name)
  if (description) return description
  throw new ProblemError('not-found', `Kafka has no topic ${name}. See the list of topics.`)
}

/** Returns the first and last readable offsets of a topic. @throws RefusedByKafka or Unavailable */
export function readBounds(
  cluster: Pick<ClusterInspection, 'bounds'>,
  topics: readonly TopicLayout[],
): Promise<KnownBounds> {
  return awaitKafkaAnswer('ends of topics', cluster.bounds(topics))
}

export interface GroupSummary {
  readonly group: string
  /** Function that uses this group; null for a group of another application. */
  readonly function: string | null
  readonly state: GroupLag['state']
  readonly members: number
  readonly pending: number
}

export function summarizeGroup(
  environment: ConsoleEnvironment,
  { group, state, members, pending }: GroupLag,
): GroupSummary {
  return { group, function: findFunction(environment, group), state, members: members.length, pending }
}

/** Returns the function that uses a group; null for a group of another application. */
export function findFunction({ consumers }: ConsoleEnvironment, group: string): string | null {
  return consumers.find(consumer => consumer.group === group)?.function ?? null
}
