/** Functions that return the values to watch in a deployment, each for one kind of metric. Pure. */

import { type DeclaredFunction, isConsumer, topicsRead } from '../../lib/app/functions.ts'
import { SCHEDULED_METRICS } from '../../lib/app/metrics.ts'
import { isServerlessCluster, lambdaName } from '../../lib/app/resource-names.ts'
import { topicRow } from '../../lib/app/topics.ts'
import { periodOf } from '../schedules.ts'
import type { AlarmKind, Cache, Deployed, Watched } from './alarm.ts'
import {
  type Metric,
  type OwnMetric,
  ofAllFunctions,
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

/** Combines several sources. Their keys begin the suffixes of the alarms' names. */
export function together(sources: Readonly<Record<string, Source>>): Source {
  return deployed =>
    Object.entries(sources).flatMap(([key, source]) =>
      source(deployed).map(one => ({
        ...one,
        of: [key, ...(one.of === undefined ? [] : [one.of])].join('-'),
      })),
    )
}

/** Replaces the threshold of the kind by 0. */
export function aboveZero(source: Source): Source {
  return deployed => source(deployed).map(one => ({ ...one, above: 0 }))
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

/** Returns the lag of each consumer for each of its topics, in records. MSK reports these metrics. */
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

/** Returns the maximum over all brokers; no values for MSK Serverless. */
export function brokers(name: KafkaMetric): Source {
  return deployed =>
    isServerlessCluster(deployed.clusterArn)
      ? []
      : [{ value: { query: ofAnyBroker(clusterName(deployed), name) } }]
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

/** Returns whether the console is deployed. */
export function hasConsole({ functions }: Pick<Deployed, 'functions'>): boolean {
  return functions.some(({ uses }) => uses.includes('console'))
}
