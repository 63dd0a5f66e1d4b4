/**
 * Changes that bring the topics of an environment to the table's settings, and those refused because records would be lost. Pure.
 */

import type { TopicComparison, TopicDifference } from '../../packages/runtime/adapters/kafka/topics.ts'
import { isServerlessCluster } from '../app/resource-names.ts'

export interface TopicCreation {
  readonly topic: string
  readonly partitions: number
  /** Missing where the cluster decides. */
  readonly replicationFactor?: number
}

export interface RefusedChange extends TopicDifference {
  readonly because: string
}

/** Remedy for refused changes. */
export const ABOUT_REFUSED =
  'Take the change of lib/app/topics.ts back; or make it by hand, as with kafka-configs.sh, if the loss is meant'

export interface TopicPlan {
  readonly creations: readonly TopicCreation[]
  readonly changes: readonly TopicDifference[]
  readonly refused: readonly RefusedChange[]
}

/** Facts of an existing topic. */
export interface TopicFacts {
  readonly signal: string
  /** How many records it keeps. An empty topic has no records to lose. */
  readonly records: number
  readonly replicationFactor: number
  /** Functions that read it, and of which some keep state by its partitions. */
  readonly readers: readonly string[]
}

/** Settings that a kind of cluster decides by itself. */
interface ClusterKind {
  /** Neither asked for nor compared. */
  readonly decides: readonly string[]
  /** Set when a topic is created, and fixed from then on. */
  readonly fixes: readonly string[]
}

/** @see https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html */
const MSK_SERVERLESS: ClusterKind = {
  decides: ['replication.factor', 'min.insync.replicas'],
  fixes: ['cleanup.policy'],
}
const ANY_CLUSTER: ClusterKind = { decides: [], fixes: [] }

/** @param clusterArn of MSK; absent for any other cluster */
export function clusterKind(clusterArn: string | undefined): ClusterKind {
  return isServerlessCluster(clusterArn ?? '') ? MSK_SERVERLESS : ANY_CLUSTER
}

/**
 * @param wanted the topics by the table
 * @param facts of each topic that exists
 */
export function planTopics(
  { missing, differences }: Pick<TopicComparison, 'missing' | 'differences'>,
  wanted: readonly TopicCreation[],
  facts: ReadonlyMap<string, TopicFacts>,
  { decides, fixes }: ClusterKind = ANY_CLUSTER,
): TopicPlan {
  const changes: TopicDifference[] = []
  const refused: RefusedChange[] = []
  for (const difference of differences.filter(({ setting }) => !decides.includes(setting))) {
    const known = facts.get(difference.topic)
    const because = fixes.includes(difference.setting)
      ? 'this kind of cluster changes it only while it creates a topic'
      : known
        ? refusal(difference, known)
        : 'what it holds is not known'
    if (because === undefined) changes.push(difference)
    else refused.push({ ...difference, because })
  }
  return { creations: wanted.filter(({ topic }) => missing.includes(topic)), changes, refused }
}

/** Why a change is not made; undefined if it loses nothing. */
function refusal(difference: TopicDifference, facts: TopicFacts): string | undefined {
  const rule = RULES[difference.setting]
  return rule?.(difference, facts)
}

type Rule = (difference: TopicDifference, facts: TopicFacts) => string | undefined

const RULES: Readonly<Record<string, Rule>> = {
  // A topic that has more than the table says has grown, which is not a difference.
  partitions: (_, { signal, readers }) => {
    if (readers.length === 0) return undefined
    return `more partitions move entities away from their state in ${readers.join(', ')}: use \`sluice topics grow ${signal}\``
  },
  'replication.factor': () =>
    'copies are moved between brokers by an assignment of replicas: use kafka-reassign-partitions of Kafka',
  'retention.ms': ({ found, wanted }, { records }) =>
    records > 0 && retention(wanted) < retention(found)
      ? `records older than the new retention would be lost (it keeps ${counted(records)})`
      : undefined,
  'cleanup.policy': (_, { records }) =>
    records > 0 ? `another policy would remove records (it keeps ${counted(records)})` : undefined,
  // Consumers take the time of a record for that of its log, which must not go back; and retention counts from it.
  'message.timestamp.type': (_, { records }) =>
    records > 0
      ? `the times of the records that it keeps are of the other type (it keeps ${counted(records)})`
      : undefined,
  'max.message.bytes': ({ found, wanted }, { records }) =>
    records > 0 && Number(wanted) < Number(found)
      ? 'it keeps records that may be larger, and could then not be written again'
      : undefined,
  'min.insync.replicas': ({ wanted }, { replicationFactor }) =>
    Number(wanted) > replicationFactor
      ? `there are only ${replicationFactor} copies: nothing could be written`
      : undefined,
}

/** In milliseconds; -1 is without end. */
function retention(setting: string): number {
  const ms = Number(setting)
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}

function counted(records: number): string {
  return records === 1 ? '1 record' : `${records} records`
}
