/**
 * Functions that return the values to watch in a deployment, each for one kind of metric. Pure.
 *
 * - Lambda: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * - MSK, level DEFAULT, which is free: https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
 * - ElastiCache: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html and, for nodes,
 *   https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
 * - SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
 */

import type { MetricName } from '#runtime/operating/reports'
import {
  type DeclaredFunction,
  getConsumerName,
  isConsumer,
  listTriggerTopics,
} from '../../control/environment/functions.ts'
import { SCHEDULED_METRICS } from '../../lib/app/naming/metrics.ts'
import { alertsTopicName, isServerlessCluster, lambdaName } from '../../lib/app/naming/resource-names.ts'
import { topicRow } from '../../lib/app/naming/topic-table.ts'
import { parsePeriod } from '../functions/schedule-retries.ts'
import type { LIMITS } from '../place/alarm-settings.ts'
import type { Deployed, Watched } from './alarm.ts'
import { buildOwnMetric, buildSumQuery, type Metric } from './metrics.ts'

/** Returns the name of a cluster from its ARN, `arn:…:cluster/<name>/<uuid>`. */
const parseClusterName = (arn: string) => arn.split('/')[1] ?? ''

type Source = (deployed: Deployed) => readonly Watched[]

/** Returns the sum of each metric over all functions. Metrics by reason have an alarm each, named after the reason. */
export function watchSum(...metrics: readonly MetricName[]): Source {
  return ({ env }) =>
    metrics.map(metric => {
      const query = buildSumQuery(env, metric)
      const { reason } = query.where
      return { ...(reason === undefined ? {} : { of: reason }), value: { query } }
    })
}

/** Combines several sources. Their keys begin the suffixes of the alarms' names. */
export function combineSources(sources: Readonly<Record<string, Source>>): Source {
  return deployed =>
    Object.entries(sources).flatMap(([key, source]) =>
      source(deployed).map(watch => ({
        ...watch,
        of: [key, ...(watch.of === undefined ? [] : [watch.of])].join('-'),
      })),
    )
}

/** Returns a metric of a scheduled function if it is deployed, and its schedule enabled. */
export function watchScheduledMetric(name: keyof typeof SCHEDULED_METRICS): Source {
  const by = SCHEDULED_METRICS[name]
  return ({ env, functions, schedules }) =>
    functions.some(entry => entry.name === by && entry.schedule && schedules[entry.schedule.condition])
      ? [{ value: { metric: buildOwnMetric(env, by, name), statistic: 'Maximum' } }]
      : []
}

/** Returns the consumers that are deployed. Several functions can run the consumer of inputs, which has one row. */
function listDeployedConsumers(functions: readonly DeclaredFunction[]) {
  const rows = functions
    .filter(isConsumer)
    .map(declared => [getConsumerName(declared), declared.consumes] as const)
  return [...new Map(rows)].map(([name, consumes]) => ({ name, consumes }))
}

/** Lag of each consumer in seconds. */
export const watchLag: Source = ({ env, functions, schedules: { clock } }) =>
  listDeployedConsumers(functions).map(({ name, consumes }) => ({
    of: name,
    value: { metric: buildOwnMetric(env, name, 'lagSeconds'), statistic: 'Maximum' },
    // The function `clock` appends one tick per minute to some topics, so missing data means that the consumer is not running.
    // Other topics may have no records for hours.
    missing: clock && consumes.some(signal => topicRow(signal).isTicked) ? 'breaching' : 'ignore',
  }))

/** Failed invocations of each function. */
export const watchErrors: Source = ({ functions, stage }) =>
  functions.map(({ name }) => ({
    of: name,
    value: { metric: buildLambdaMetric(stage, name, 'Errors'), statistic: 'Sum' },
  }))

/** Maximum period of a CloudWatch alarm. */
const MAX_PERIOD_SECONDS = 86_400

/** Number of successful runs of each scheduled function within five intervals of its schedule. */
export const watchSchedules: Source = ({ functions, stage, schedules: enabled }) =>
  functions.flatMap(({ name, schedule }) => {
    const seconds = schedule && enabled[schedule.condition] ? parsePeriod(schedule.expression) : undefined
    if (seconds === undefined) return []
    return {
      of: name,
      periodSeconds: Math.min(5 * seconds, MAX_PERIOD_SECONDS),
      value: {
        expression: 'FILL(invocations, 0) - FILL(errors, 0)',
        sums: {
          invocations: buildLambdaMetric(stage, name, 'Invocations'),
          errors: buildLambdaMetric(stage, name, 'Errors'),
        },
      },
    } satisfies Watched
  })

function buildLambdaMetric(stage: string, name: string, metric: 'Errors' | 'Invocations'): Metric {
  return { namespace: 'AWS/Lambda', name: metric, dimensions: { FunctionName: lambdaName(stage, name) } }
}

/** Messages of the SNS topics for alerts and alarms that could not be delivered. */
export const watchUndelivered: Source = ({ env, alarms: { topicArn } }) => {
  const topics = new Set([alertsTopicName(env), ...(topicArn === undefined ? [] : [lastPart(topicArn)])])
  return [...topics].map(topic => {
    const dimensions = { TopicName: topic }
    const metric = { namespace: 'AWS/SNS', name: 'NumberOfNotificationsFailed', dimensions }
    return { of: topic, value: { metric, statistic: 'Sum' } }
  })
}

/** Restricts a source to deployments with this limit, which becomes the threshold. */
export function whereLimited(name: keyof typeof LIMITS, source: Source): Source {
  return deployed => {
    const above = deployed.alarms.limits[name]
    return above === undefined ? [] : source(deployed).map(watched => ({ ...watched, above }))
  }
}

/** Time that Kafka takes to acknowledge what a function emits, for each function. */
export const watchPublishing: Source = ({ env, functions }) => {
  const publishing = functions.filter(({ emits }) => emits.length > 0)
  return [...new Set(publishing.map(getConsumerName))].map(name => ({
    of: name,
    value: { metric: buildOwnMetric(env, name, 'publishMs'), statistic: 'p99' },
  }))
}

/** Lag of each consumer in each of its topics, in records. */
export const watchLagRecords: Source = deployed =>
  deployed.functions
    .flatMap(declared => listTriggerTopics(declared, deployed, deployed.inputs))
    .map(({ function: consumer, signal, topic, group }) => {
      const cluster = parseClusterName(deployed.clusterArn)
      const dimensions = { 'Cluster Name': cluster, 'Consumer Group': group, Topic: topic }
      const metric = { namespace: 'AWS/Kafka', name: 'SumOffsetLag', dimensions }
      return { of: `${consumer}-${signal ?? topic}`, value: { metric, statistic: 'Maximum' } }
    })

/** Returns the maximum over all brokers; no values for MSK Serverless. */
export function watchBrokers(
  name: 'UnderReplicatedPartitions' | 'KafkaDataLogsDiskUsed' | 'BytesInPerSec' | 'BytesOutPerSec',
): Source {
  return ({ clusterArn }) => {
    if (isServerlessCluster(clusterArn)) return []
    const where = { 'Cluster Name': parseClusterName(clusterArn) }
    const dimensions = ['Broker ID', 'Cluster Name']
    return [{ value: { query: { statistic: 'MAX', namespace: 'AWS/Kafka', name, dimensions, where } } }]
  }
}

/** Share of the memory of a cache above which it counts as nearly full. */
const NEARLY_FULL = 0.8

/** Memory and evictions of the serverless cache or, without one, of all nodes of caches in the region. */
export const watchCacheMemory: Source = ({ alarms: { cache } }) => {
  if (cache === undefined)
    return [
      ['used', 'DatabaseMemoryUsagePercentage', 100 * NEARLY_FULL] as const,
      ['evicted', 'Evictions', 0] as const,
    ].map(([of, name, above]) => ({
      of,
      above,
      value: {
        query: {
          statistic: 'MAX',
          namespace: 'AWS/ElastiCache',
          name,
          dimensions: ['CacheClusterId'],
          where: {},
        },
      },
    }))
  const buildCacheValue = (name: string) => ({
    metric: { namespace: 'AWS/ElastiCache', name, dimensions: { clusterId: cache.name } },
    statistic: 'Maximum' as const,
  })
  return [
    { of: 'used', above: cache.bytes * NEARLY_FULL, value: buildCacheValue('BytesUsedForCache') },
    { of: 'evicted', above: 0, value: buildCacheValue('Evictions') },
  ]
}

function lastPart(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}
