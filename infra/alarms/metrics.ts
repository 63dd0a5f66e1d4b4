/** Metrics for the alarms and the dashboard. Functions report some of them, AWS services the others. Pure. */
import { CONSOLE_METRICS, SCHEDULED_METRICS } from '../../lib/app/metrics.ts'
import { NAMESPACE } from '../../lib/app/name.ts'
import { DIMENSIONS, METRICS } from '../../packages/runtime/adapters/lambda/metric-names.ts'

/** Name of a metric that functions write. */
export type OwnMetric = keyof typeof METRICS | keyof typeof SCHEDULED_METRICS | keyof typeof CONSOLE_METRICS

/** All metrics that functions report. The list is derived from the tables that the functions use. */
export const OWN_METRICS: readonly OwnMetric[] = [
  ...(Object.keys(METRICS) as (keyof typeof METRICS)[]),
  ...(Object.keys(SCHEDULED_METRICS) as (keyof typeof SCHEDULED_METRICS)[]),
  ...(Object.keys(CONSOLE_METRICS) as (keyof typeof CONSOLE_METRICS)[]),
]

/**
 * AWS metrics that alarms and the dashboard use, with the dimensions of each metric.
 *
 * - Lambda: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * - MSK, level DEFAULT, which is free: https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html and, for MSK
 *   Serverless, https://docs.aws.amazon.com/msk/latest/developerguide/serverless-monitoring.html
 * - ElastiCache: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html and, for nodes,
 *   https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
 * - SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
 * - SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export const AWS_METRICS = {
  'AWS/Lambda': {
    Errors: [['FunctionName']],
    Throttles: [['FunctionName']],
    Invocations: [['FunctionName']],
    Duration: [['FunctionName']],
  },
  'AWS/Kafka': {
    SumOffsetLag: [['Cluster Name', 'Consumer Group', 'Topic']],
    BytesInPerSec: [
      ['Cluster Name', 'Broker ID'],
      ['Cluster Name', 'Topic'],
    ],
    BytesOutPerSec: [
      ['Cluster Name', 'Broker ID'],
      ['Cluster Name', 'Topic'],
    ],
    UnderReplicatedPartitions: [['Cluster Name', 'Broker ID']],
    OfflinePartitionsCount: [['Cluster Name']],
    KafkaDataLogsDiskUsed: [['Cluster Name', 'Broker ID']],
  },
  'AWS/ElastiCache': {
    BytesUsedForCache: [['clusterId']],
    ThrottledCmds: [['clusterId']],
    Evictions: [['clusterId'], ['CacheClusterId']],
    DatabaseMemoryUsagePercentage: [['CacheClusterId']],
    EngineCPUUtilization: [['CacheClusterId']],
  },
  'AWS/SNS': { NumberOfNotificationsFailed: [['TopicName']] },
  'AWS/SQS': { ApproximateAgeOfOldestMessage: [['QueueName']], NumberOfMessagesSent: [['QueueName']] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly (readonly string[])[]>>>>

/** A metric with its dimensions. */
export interface Metric {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
}

/**
 * Returns a metric that a function reports for itself as a whole, without further dimensions.
 *
 * @param service name of the function
 */
export function own(environment: string, service: string, name: OwnMetric): Metric {
  return { namespace: NAMESPACE, name, dimensions: { environment, service } }
}

export function ofLambda(functionName: string, name: keyof (typeof AWS_METRICS)['AWS/Lambda']): Metric {
  return { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } }
}

export function ofKafka(
  name: keyof (typeof AWS_METRICS)['AWS/Kafka'],
  dimensions: Metric['dimensions'],
): Metric {
  return { namespace: 'AWS/Kafka', name, dimensions }
}

export function ofCache(
  name: keyof (typeof AWS_METRICS)['AWS/ElastiCache'],
  dimensions: Metric['dimensions'],
): Metric {
  return { namespace: 'AWS/ElastiCache', name, dimensions }
}

export function ofQueue(queue: string, name: keyof (typeof AWS_METRICS)['AWS/SQS']): Metric {
  return { namespace: 'AWS/SQS', name, dimensions: { QueueName: queue } }
}

export function ofTopic(topic: string, name: keyof (typeof AWS_METRICS)['AWS/SNS']): Metric {
  return { namespace: 'AWS/SNS', name, dimensions: { TopicName: topic } }
}

/** Metrics Insights query that combines all metrics with the same name. It includes metrics that are created later. */
export interface Query {
  readonly statistic: 'SUM' | 'MAX'
  readonly namespace: string
  readonly name: string
  /** Names of the dimensions. A metric matches only if it has exactly these. */
  readonly dimensions: readonly string[]
  readonly where: Readonly<Record<string, string>>
}

/**
 * Returns the sum over all functions of an environment.
 *
 * @param reason value of the dimension `reason`; if absent, all reasons are counted
 */
export function ofAllFunctions(environment: string, name: OwnMetric, reason?: string): Query {
  return {
    statistic: 'SUM',
    namespace: NAMESPACE,
    name,
    dimensions: reason === undefined ? DIMENSIONS.whole : DIMENSIONS.byReason,
    where: { environment, ...(reason === undefined ? {} : { reason }) },
  }
}

/** Returns the maximum over all brokers of the cluster. */
export function ofAnyBroker(cluster: string, name: keyof (typeof AWS_METRICS)['AWS/Kafka']): Query {
  const dimensions = ['Broker ID', 'Cluster Name']
  return { statistic: 'MAX', namespace: 'AWS/Kafka', name, dimensions, where: { 'Cluster Name': cluster } }
}

/** Returns the Metrics Insights query, with names in double quotes and values in single quotes. */
export function sqlOf({ statistic, namespace, name, dimensions, where }: Query): string {
  const schema = [namespace, ...dimensions].map(one => `"${one}"`).join(', ')
  const conditions = Object.entries(where).map(([label, value]) => `"${label}" = '${value}'`)
  return `SELECT ${statistic}("${name}") FROM SCHEMA(${schema}) WHERE ${conditions.join(' AND ')}`
}
