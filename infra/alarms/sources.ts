/** Functions that return the values to watch in a deployment, each for one kind of metric. Pure. */

import { consumersOf, type DeclaredFunction, isConsumer, topicsRead } from '../../lib/app/functions.ts'
import { SCHEDULED_METRICS } from '../../lib/app/metrics.ts'
import { isServerlessCluster, lambdaName } from '../../lib/app/resource-names.ts'
import { signals, topicRow } from '../../lib/app/topics.ts'
import { missedRunsName } from '../missed-runs.ts'
import { periodOf } from '../schedules.ts'
import type { AlarmKind, Cache, Deployed, Watched } from './alarm.ts'
import {
  type Metric,
  type OwnMetric,
  ofAllFunctions,
  ofAllTopics,
  ofAnyBroker,
  ofCache,
  ofKafka,
  ofLambda,
  ofQueue,
  ofTopic,
  own,
} from './metrics.ts'
import { clusterName, queueName, topicNames } from './names.ts'

type Source = (deployed: Deployed) => readonly Watched[]

type LambdaMetric = Parameters<typeof ofLambda>[1]
type KafkaMetric = Parameters<typeof ofKafka>[0]
type CacheMetric = Parameters<typeof ofCache>[0]
type QueueMetric = Parameters<typeof ofQueue>[1]

/** Condition of the alarms that watch waiting partitions. */
export const WAITS = {
  stages: { dev: 5 },
  periods: 6,
  breaching: 3,
  because:
    'a failover or a rolling restart of servers ends sooner; between two attempts of an event source mapping, a minute can have no data',
} as const satisfies Partial<AlarmKind>

/**
 * Returns the sum of a metric over all functions. If reasons are given, returns a sum for each reason, each watched by a separate
 * alarm.
 */
export function counted(name: OwnMetric, reasons?: readonly string[]): Source {
  return ({ env }) =>
    reasons?.map(reason => ({ of: reason, value: { query: ofAllFunctions(env, name, reason) } })) ?? [
      { value: { query: ofAllFunctions(env, name) } },
    ]
}

/** Combines several sources with one metric each. The keys are the suffixes of the alarms' names. */
export function together(sources: Readonly<Record<string, Source>>): Source {
  return deployed =>
    Object.entries(sources).flatMap(([of, source]) => source(deployed).map(one => ({ ...one, of })))
}

/** Returns a metric of a scheduled function if it is deployed, and its schedule enabled. */
export function scheduled(name: keyof typeof SCHEDULED_METRICS): Source {
  const { by } = SCHEDULED_METRICS[name]
  return ({ env, functions, schedules }) =>
    functions.some(one => one.name === by && one.schedule && schedules[one.schedule.condition])
      ? [{ value: { metric: own(env, by, name), statistic: 'Maximum' } }]
      : []
}

/** Lag of each consumer in seconds. */
export const lagSeconds: Source = ({ env, functions, schedules: { clock } }) =>
  functions.filter(isConsumer).map(({ name, consumes }) => ({
    of: name,
    value: { metric: own(env, name, 'lagSeconds'), statistic: 'Maximum' },
    // The function `clock` appends one tick per minute to some topics, so missing data means that the consumer is not running.
    // Other topics may have no records for hours.
    missing: clock && consumes.some(signal => topicRow(signal).isTicked) ? 'breaching' : 'ignore',
  }))

/** Lag of each consumer for each of its topics, in records. MSK reports these metrics. */
export const lagRecords: Source = deployed =>
  recordLags(deployed).map(({ of, metric }) => ({ of, value: { metric, statistic: 'Maximum' } }))

export function recordLags(deployed: Deployed): readonly { readonly of: string; readonly metric: Metric }[] {
  const { env, functions } = deployed
  return functions.flatMap(declared =>
    topicsRead(declared, env).map(({ function: name, signal, topic, group }) => ({
      of: `${name}-${signal ?? topic}`,
      metric: ofKafka('SumOffsetLag', {
        'Cluster Name': clusterName(deployed),
        'Consumer Group': group,
        Topic: topic,
      }),
    })),
  )
}

/** Returns a metric of each function that writes to topics. */
export function publishing(name: OwnMetric): Source {
  return ({ env, functions }) =>
    functions
      .filter(({ emits, uses }) => emits.length > 0 && !uses.includes('console'))
      .map(one => ({ of: one.name, value: { metric: own(env, one.name, name), statistic: 'p99' } }))
}

/**
 * Share of duplicates in each topic. All consumers of a topic receive the same duplicates, so the metric of one consumer is
 * sufficient.
 */
export const duplicateRates: Source = ({ env, functions }) =>
  signals().flatMap(signal => {
    const [name] = consumersOf(functions, signal)
    if (name === undefined) return []
    return {
      of: signal,
      value: {
        expression: '100 * FILL(repeats, 0) / (FILL(repeats, 0) + FILL(applied, 0))',
        metrics: {
          repeats: { metric: own(env, name, 'duplicate'), statistic: 'Sum' },
          applied: { metric: own(env, name, 'applied'), statistic: 'Sum' },
        },
      },
    } satisfies Watched
  })

/** Returns a Lambda metric of each function. */
export function lambdas(name: LambdaMetric): Source {
  return ({ functions, stage }) =>
    functions.map(one => ({
      of: one.name,
      value: { metric: ofLambda(lambdaName(stage, one.name), name), statistic: 'Sum' },
    }))
}

/** Maximum period of a CloudWatch alarm. */
const MAX_PERIOD_SECONDS = 86_400

/** Number of successful runs of each scheduled function within five intervals of its schedule. */
export const schedules: Source = deployed =>
  deployed.functions.flatMap(declared => {
    const seconds = intervalOf(declared, deployed)
    const name = lambdaName(deployed.stage, declared.name)
    if (seconds === undefined) return []
    return {
      of: declared.name,
      periodSeconds: Math.min(5 * seconds, MAX_PERIOD_SECONDS),
      value: {
        expression: 'FILL(invocations, 0) - FILL(errors, 0)',
        metrics: {
          invocations: { metric: ofLambda(name, 'Invocations'), statistic: 'Sum' },
          errors: { metric: ofLambda(name, 'Errors'), statistic: 'Sum' },
        },
      },
    } satisfies Watched
  })

/** Returns the interval of a function's schedule in seconds; undefined without a schedule, or for a cron expression. */
function intervalOf({ schedule }: DeclaredFunction, deployed: Deployed): number | undefined {
  return schedule && deployed.schedules[schedule.condition] ? periodOf(schedule.expression) : undefined
}

/** Returns a metric of the queue for failed scheduled runs. */
export function missedRuns(name: QueueMetric): Source {
  return ({ stage }) => [{ value: { metric: ofQueue(missedRunsName(stage), name), statistic: 'Sum' } }]
}

/** Returns a metric of the queue that the function `on-failure` reads; no values if the deployment has no such queue. */
export function onFailure(name: QueueMetric): Source {
  return ({ onFailureQueue }) =>
    onFailureQueue === undefined
      ? []
      : [{ value: { metric: ofQueue(queueName(onFailureQueue), name), statistic: 'Maximum' } }]
}

/** Returns a metric of the SNS topics for alerts and alarms. */
export function notifying(name: Parameters<typeof ofTopic>[1]): Source {
  return deployed =>
    topicNames(deployed).map(topic => ({
      of: topic,
      value: { metric: ofTopic(topic, name), statistic: 'Sum' },
    }))
}

/** Returns the maximum over all brokers; for MSK Serverless, which reports no brokers, the sum over all topics. */
export function cluster(name: KafkaMetric): Source {
  return deployed => {
    const all = isServerlessCluster(deployed.clusterArn) ? ofAllTopics : ofAnyBroker
    return [{ value: { query: all(clusterName(deployed), name) } }]
  }
}

/** Returns the maximum over all brokers; no values for MSK Serverless. */
export function brokers(name: KafkaMetric): Source {
  return deployed => (isServerlessCluster(deployed.clusterArn) ? [] : cluster(name)(deployed))
}

/** Returns a cluster-wide metric of a provisioned cluster; no values for MSK Serverless. */
export function provisioned(name: KafkaMetric): Source {
  return deployed => {
    const metric = ofKafka(name, { 'Cluster Name': clusterName(deployed) })
    return isServerlessCluster(deployed.clusterArn) ? [] : [{ value: { metric, statistic: 'Maximum' } }]
  }
}

/** Returns a metric of the serverless cache or, for a cluster of nodes, of each node. */
export function caches(names: Readonly<Record<Cache['kind'], CacheMetric>>): Source {
  return ({ alarms: { cache } }) => {
    if (!cache) return []
    const watched = (metric: Metric) => ({ metric, statistic: 'Maximum' }) as const
    if (cache.kind === 'serverless')
      return [{ value: watched(ofCache(names.serverless, { clusterId: cache.name })) }]
    return cache.nodes.map(node => ({
      of: node,
      value: watched(ofCache(names.nodes, { CacheClusterId: node })),
    }))
  }
}

/** Restricts a source to deployments with a console. */
export function onConsole(source: Source): Source {
  return deployed => (hasConsole(deployed) ? source(deployed) : [])
}

/** Returns whether the console is deployed. */
export function hasConsole({ functions }: Pick<Deployed, 'functions'>): boolean {
  return functions.some(({ uses }) => uses.includes('console'))
}
