/** Graphs of a deployment's dashboard: delays, failures, and the remaining capacity of servers. Pure. */

import { isConsumer } from '../../lib/app/functions.ts'
import { NAMESPACE } from '../../lib/app/name.ts'
import { isServerlessCluster, lambdaName } from '../../lib/app/resource-names.ts'
import { DIMENSIONS } from '../../packages/runtime/adapters/lambda/metric-names.ts'
import { missedRunsName } from '../missed-runs.ts'
import type { Deployed } from './alarm.ts'
import { type Metric, type OwnMetric, ofCache, ofKafka, ofLambda, ofQueue, ofTopic, own } from './metrics.ts'
import { clusterName, queueName, topicNames } from './names.ts'
import { hasConsole, recordLags } from './sources.ts'

/** A graph of the dashboard. It can show listed metrics and the results of searches. */
export interface Graph {
  readonly title: string
  readonly statistic: 'Sum' | 'Maximum' | 'Average' | 'p99'
  readonly metrics: readonly Metric[]
  /** Searches by metric name. They find only metrics that exist. */
  readonly searches?: readonly Search[]
  /** Value of a horizontal line, usually the threshold of an alarm. */
  readonly limit?: number
}

export interface Search {
  readonly namespace: string
  readonly name: string
  readonly dimensions: readonly string[]
  readonly where: Readonly<Record<string, string>>
}

/** Returns the graphs in rows of three. */
export function graphsOf(deployed: Deployed): readonly Graph[] {
  const { env, stage, functions } = deployed
  const consumers = functions.filter(isConsumer).map(({ name }) => name)
  const ownOf = (names: readonly string[], metric: OwnMetric) => names.map(name => own(env, name, metric))
  const lambdas = (metric: Parameters<typeof ofLambda>[1]) =>
    functions.map(({ name }) => ofLambda(lambdaName(stage, name), metric))
  const wrong = (...names: readonly OwnMetric[]) => names.map(name => counted(env, name))
  return [
    { title: 'Lag, seconds', statistic: 'Maximum', metrics: ownOf(consumers, 'lagSeconds'), limit: 300 },
    {
      title: 'Lag, records',
      statistic: 'Maximum',
      metrics: recordLags(deployed).map(({ metric }) => metric),
    },
    { title: 'Records processed', statistic: 'Sum', metrics: ownOf(consumers, 'applied') },
    { title: 'Errors', statistic: 'Sum', metrics: lambdas('Errors') },
    { title: 'Throttles', statistic: 'Sum', metrics: lambdas('Throttles') },
    { title: 'Duration', statistic: 'Maximum', metrics: lambdas('Duration') },
    graph('Waiting in Kafka', wrong('deferred', 'breaker-open')),
    graph('Failed', wrong('failed', 'parked-failed', 'timer', 'refused')),
    graph(
      'Lost, repeated or misplaced',
      wrong('expired', 'range-read-back', 'misrouted', 'duplicate', 'redelivered'),
    ),
    graph(
      'Clock and state',
      wrong('clock-gap', 'timed-by-producers', 'context-unreadable', 'no-applied-offset'),
    ),
    graph(
      'Retries and order',
      wrong('offer-failed', 'held', 'released', 'parked', 'failure-memory', 'outbox-not-trimmed'),
    ),
    {
      title: 'Dead letters',
      statistic: 'Maximum',
      metrics: (['deadLettersOpen', 'deadLettersQuarantined', 'retriesPerMinute'] as const).map(name =>
        own(env, 'redriver', name),
      ),
    },
    {
      title: 'Oldest dead letter, seconds',
      statistic: 'Maximum',
      metrics: [own(env, 'redriver', 'oldestDeadLetterSeconds')],
    },
    { ...graph('Publishing, p99 in ms', wrong('publishMs')), statistic: 'p99' },
    { ...graph('Redis, p99 in ms', wrong('loadMs', 'commitMs')), statistic: 'p99' },
    { ...graph('Append to commit, p99 in ms', wrong('latencyMs')), statistic: 'p99' },
    { ...graph('Invocations, p99 in ms', wrong('invocationMs')), statistic: 'p99' },
    kafka(deployed, 'Kafka in, bytes/s', 'BytesInPerSec'),
    kafka(deployed, 'Kafka out, bytes/s', 'BytesOutPerSec'),
    {
      title: 'Discarded scheduled runs',
      statistic: 'Sum',
      metrics: [ofQueue(missedRunsName(stage), 'NumberOfMessagesSent')],
    },
    ...(hasConsole(deployed) ? [graph('Console', wrong('sign-in-failed', 'tokens-unreadable'))] : []),
    {
      title: 'Notifications not delivered by SNS',
      statistic: 'Sum',
      metrics: topicNames(deployed).map(topic => ofTopic(topic, 'NumberOfNotificationsFailed')),
    },
    ...discarded(deployed),
    ...replication(deployed),
    ...caches(deployed),
  ]
}

function graph(title: string, searches: readonly Search[]): Graph {
  return { title, statistic: 'Sum', metrics: [], searches }
}

/** Returns a search for a metric of all functions. */
function counted(environment: string, name: OwnMetric): Search {
  return { namespace: NAMESPACE, name, dimensions: DIMENSIONS.whole, where: { environment } }
}

function kafka(deployed: Deployed, title: string, name: 'BytesInPerSec' | 'BytesOutPerSec'): Graph {
  const dimensions = ['Cluster Name', isServerlessCluster(deployed.clusterArn) ? 'Topic' : 'Broker ID']
  const where = { 'Cluster Name': clusterName(deployed) }
  return {
    title,
    statistic: 'Average',
    metrics: [],
    searches: [{ namespace: 'AWS/Kafka', name, dimensions, where }],
  }
}

function discarded({ onFailureQueue }: Deployed): Graph[] {
  if (onFailureQueue === undefined) return []
  return [
    {
      title: 'Oldest message in the queue of on-failure, seconds',
      statistic: 'Maximum',
      metrics: [ofQueue(queueName(onFailureQueue), 'ApproximateAgeOfOldestMessage')],
      limit: 900,
    },
  ]
}

function replication(deployed: Deployed): Graph[] {
  if (isServerlessCluster(deployed.clusterArn)) return []
  const where = { 'Cluster Name': clusterName(deployed) }
  const brokers = (name: string) => ({
    namespace: 'AWS/Kafka',
    name,
    dimensions: ['Cluster Name', 'Broker ID'],
    where,
  })
  return [
    {
      title: 'Partitions under-replicated or offline',
      statistic: 'Maximum',
      metrics: [ofKafka('OfflinePartitionsCount', where)],
      searches: [brokers('UnderReplicatedPartitions')],
    },
    {
      title: 'Kafka disk usage, %',
      statistic: 'Maximum',
      metrics: [],
      searches: [brokers('KafkaDataLogsDiskUsed')],
      limit: 80,
    },
  ]
}

function caches({ alarms: { cache } }: Deployed): Graph[] {
  if (!cache) return []
  const of = (serverless: Parameters<typeof ofCache>[0], node: Parameters<typeof ofCache>[0]) =>
    cache.kind === 'serverless'
      ? [ofCache(serverless, { clusterId: cache.name })]
      : cache.nodes.map(id => ofCache(node, { CacheClusterId: id }))
  return [
    {
      title: cache.kind === 'serverless' ? 'Redis, bytes' : 'Redis, % of memory',
      statistic: 'Maximum',
      metrics: of('BytesUsedForCache', 'DatabaseMemoryUsagePercentage'),
      limit: cache.kind === 'serverless' ? cache.bytes : 100,
    },
    { title: 'Redis, evictions', statistic: 'Sum', metrics: of('Evictions', 'Evictions') },
    { title: 'Redis, limits', statistic: 'Maximum', metrics: of('ThrottledCmds', 'EngineCPUUtilization') },
  ]
}
