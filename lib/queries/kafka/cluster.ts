/** The topics of a cluster, with the replicas of their partitions. */
import type { ClusterMetadata } from '@sluice/kafka-records/requests'
import { type TopicLayout, type TopicPartition, toLayout } from '#runtime/adapters/kafka/topic-admin.ts'

export function isLeaderless({ leader }: Pick<TopicPartition, 'leader'>): boolean {
  return leader < 0
}

export function isUnderReplicated({
  replicas,
  inSync,
}: Pick<TopicPartition, 'replicas' | 'inSync'>): boolean {
  return inSync.length < replicas.length
}

export interface ClusterTopic extends TopicLayout {
  /** True for internal topics of Kafka. */
  readonly isInternal: boolean
}

/** Returns the topics in a metadata response, sorted by name, with sorted partitions. Pure. */
export function toClusterTopics({ topics }: ClusterMetadata): ClusterTopic[] {
  return topics
    .map(topic => ({ ...toLayout(topic), isInternal: topic.isInternal }))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1))
}
