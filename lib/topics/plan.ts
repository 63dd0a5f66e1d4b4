/**
 * Plans the changes to an environment's topics that are needed to match the topic table. Changes that would lose records are
 * refused. Pure.
 */

import type { TopicComparison, TopicDifference } from '#runtime/operating/kafka'
import type { Names } from '../app/naming/names.ts'
import { isServerlessCluster } from '../app/naming/resource-names.ts'
import { count } from '../support/count.ts'

export interface TopicCreation {
  readonly topic: string
  readonly partitions: number
  /** Replication factor; absent if the cluster determines it. */
  readonly replicationFactor?: number
}

export interface RefusedChange extends TopicDifference {
  readonly because: string
}

/** Instructions for refused changes, except those of partitions, whose reasons contain the advice. */
export const ABOUT_REFUSED =
  'Revert the change of lib/app/naming/topic-table.ts; or, if the loss is intended, make it manually, for example with kafka-configs.sh'

export interface TopicPlan {
  readonly creations: readonly TopicCreation[]
  readonly changes: readonly TopicDifference[]
  readonly refused: readonly RefusedChange[]
}

/** Facts about an existing topic. */
export interface TopicFacts {
  readonly signal: string
  /** Number of records in the topic. If it is 0, a change cannot lose records. */
  readonly records: number
  readonly replicationFactor: number
  /** Functions that read the topic. Some of them store state by partition. */
  readonly readers: readonly string[]
}

/** Type of cluster, with the settings that it controls. */
interface ClusterKind {
  /** Settings that the cluster determines. They are neither requested nor compared. */
  readonly decides: readonly string[]
  /** Settings that can be set only when a topic is created. */
  readonly fixes: readonly string[]
}

/** Settings of MSK Serverless. @see https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html */
const MSK_SERVERLESS: ClusterKind = {
  decides: ['replication.factor', 'min.insync.replicas'],
  fixes: ['cleanup.policy'],
}
const ANY_CLUSTER: ClusterKind = { decides: [], fixes: [] }

/**
 * Returns the type of a cluster.
 *
 * @param clusterArn ARN of an MSK cluster; absent for any other cluster
 */
export function getClusterKind(clusterArn: string | undefined): ClusterKind {
  return isServerlessCluster(clusterArn ?? '') ? MSK_SERVERLESS : ANY_CLUSTER
}

/**
 * Plans the changes to topics.
 *
 * @param wanted topics in the topic table
 * @param facts facts about each existing topic
 */
export function planTopics(
  names: Names,
  { missing, differences }: Pick<TopicComparison, 'missing' | 'differences'>,
  wanted: readonly TopicCreation[],
  facts: ReadonlyMap<string, TopicFacts>,
  { decides, fixes }: ClusterKind = ANY_CLUSTER,
): TopicPlan {
  const changes: TopicDifference[] = []
  const refused: RefusedChange[] = []
  for (const difference of differences.filter(({ setting }) => !decides.includes(setting))) {
    const topicFacts = facts.get(difference.topic)
    const because = fixes.includes(difference.setting)
      ? 'this kind of cluster allows it only when a topic is created'
      : topicFacts
        ? findRefusal(difference, topicFacts, names)
        : 'the contents of the topic are unknown'
    if (because === undefined) changes.push(difference)
    else refused.push({ ...difference, because })
  }
  return { creations: wanted.filter(({ topic }) => missing.includes(topic)), changes, refused }
}

/** Returns the reason for refusing a change; undefined if the change loses nothing. */
function findRefusal(difference: TopicDifference, facts: TopicFacts, names: Names): string | undefined {
  const rule = RULES[difference.setting]
  return rule?.(difference, facts, names)
}

type Rule = (difference: TopicDifference, facts: TopicFacts, names: Names) => string | undefined

const RULES: Readonly<Record<string, Rule>> = {
  partitions: ({ topic, found, wanted }, { readers }, names) => {
    const isShrunk = Number(found) > Number(wanted)
    if (!isShrunk && readers.length === 0) return undefined
    const why = isShrunk
      ? 'Kafka removes no partitions'
      : `more partitions would move entities away from their state in ${readers.join(', ')}`
    return `${why}. ${names.advisePartitions(new Map([[topic, found]]))}`
  },
  'replication.factor': () =>
    'copies are moved between brokers by an assignment of replicas: use kafka-reassign-partitions of Kafka',
  'retention.ms': ({ found, wanted }, { records }) =>
    records > 0 && parseRetention(wanted) < parseRetention(found)
      ? `records older than the new retention would be lost (it keeps ${count(records, 'record')})`
      : undefined,
  'cleanup.policy': (_, { records }) =>
    records > 0 ? `another policy would remove records (it keeps ${count(records, 'record')})` : undefined,
  // Consumers use the timestamps of records as the log clock, which must not go back. Retention also depends on timestamps.
  'message.timestamp.type': (_, { records }) =>
    records > 0
      ? `the times of the records that it keeps are of the other type (it keeps ${count(records, 'record')})`
      : undefined,
  'max.message.bytes': ({ found, wanted }, { records }) =>
    records > 0 && Number(wanted) < Number(found)
      ? 'its records may be larger, and could not be redriven'
      : undefined,
  'min.insync.replicas': ({ wanted }, { replicationFactor }) =>
    Number(wanted) > replicationFactor
      ? `there are only ${replicationFactor} copies: nothing could be written`
      : undefined,
}

/** Returns the retention in milliseconds. The value -1 means unlimited. */
function parseRetention(setting: string): number {
  const ms = Number(setting)
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}
