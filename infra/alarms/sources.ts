/** Sources of metrics for alarms: each returns the metrics of one kind in a deployment. Pure. */

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

/** A partition that waits, for whatever reason. */
export const WAITS = {
  stages: { dev: 5 },
  periods: 6,
  breaching: 3,
  because:
    'a failover or a rolling restart of servers is over sooner; between the tries of a mapping a minute may be silent',
} as const satisfies Partial<AlarmKind>

/** Sum over all functions. With reasons, one alarm for each of them alone. */
export function counted(name: OwnMetric, reasons?: readonly string[]): Source {
  return ({ env }) =>
    reasons?.map(reason => ({ of: reason, value: { query: ofAllFunctions(env, name, reason) } })) ?? [
      { value: { query: ofAllFunctions(env, name) } },
    ]
}

/** Several sources of one metric each, by the names of their alarms. */
export function together(sources: Readonly<Record<string, Source>>): Source {
  return deployed =>
    Object.entries(sources).flatMap(([of, source]) => source(deployed).map(one => ({ ...one, of })))
}

/** A metric of a scheduled function, if it runs. */
export function scheduled(name: keyof typeof SCHEDULED_METRICS): Source {
  const { by } = SCHEDULED_METRICS[name]
  return ({ env, schedules: { checkpoints, clock } }) =>
    (by === 'checkpoints' ? checkpoints : clock)
      ? [{ value: { metric: own(env, by, name), statistic: 'Maximum' } }]
      : []
}

/** How late each consumer is. */
export const lagSeconds: Source = ({ env, functions, schedules: { clock } }) =>
  functions.filter(isConsumer).map(({ name, consumes }) => ({
    of: name,
    value: { metric: own(env, name, 'lagSeconds'), statistic: 'Maximum' },
    // `clock` appends a tick a minute, so a consumer that reports nothing does not run. Other topics may be silent.
    missing: clock && consumes.some(signal => topicRow(signal).isTicked) ? 'breaching' : 'ignore',
  }))

/** How many records each consumer has before it in each of its topics, as MSK counts them. */
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

/** A metric of each function that writes topics. */
export function publishing(name: OwnMetric): Source {
  return ({ env, functions }) =>
    functions
      .filter(({ emits, uses }) => emits.length > 0 && !uses.includes('console'))
      .map(one => ({ of: one.name, value: { metric: own(env, one.name, name), statistic: 'p99' } }))
}

/** All consumers of a topic see the same repeats, so one of them is enough. */
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

/** A metric that Lambda has of each function. */
export function lambdas(name: LambdaMetric): Source {
  return ({ functions, stage }) =>
    functions.map(one => ({
      of: one.name,
      value: { metric: ofLambda(lambdaName(stage, one.name), name), statistic: 'Sum' },
    }))
}

/** CloudWatch adds up no more than a day. */
const MAX_PERIOD_SECONDS = 86_400

/** The runs of each schedule that succeeded, in five of its intervals. */
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

/** How often a schedule calls the function, in seconds; undefined where none does, or where it is not a rate. */
function intervalOf({ schedule }: DeclaredFunction, deployed: Deployed): number | undefined {
  return schedule && deployed.schedules[schedule.condition] ? periodOf(schedule.expression) : undefined
}

/** The queue of runs that Lambda has given up. */
export function missedRuns(name: QueueMetric): Source {
  return ({ stage }) => [{ value: { metric: ofQueue(missedRunsName(stage), name), statistic: 'Sum' } }]
}

/** The queue of the function `on-failure`, if there is one. */
export function onFailure(name: QueueMetric): Source {
  return ({ onFailureQueue }) =>
    onFailureQueue === undefined
      ? []
      : [{ value: { metric: ofQueue(queueName(onFailureQueue), name), statistic: 'Maximum' } }]
}

/** The topics of SNS through which people are notified. */
export function notifying(name: Parameters<typeof ofTopic>[1]): Source {
  return deployed =>
    topicNames(deployed).map(topic => ({
      of: topic,
      value: { metric: ofTopic(topic, name), statistic: 'Sum' },
    }))
}

/** Any broker of the cluster or, of MSK Serverless, which shows no brokers, all topics together. */
export function cluster(name: KafkaMetric): Source {
  return deployed => {
    const all = isServerlessCluster(deployed.clusterArn) ? ofAllTopics : ofAnyBroker
    return [{ value: { query: all(clusterName(deployed), name) } }]
  }
}

/** Any broker of a cluster that shows them. */
export function brokers(name: KafkaMetric): Source {
  return deployed => (isServerlessCluster(deployed.clusterArn) ? [] : cluster(name)(deployed))
}

/** A cluster of brokers as a whole. */
export function provisioned(name: KafkaMetric): Source {
  return deployed => {
    const metric = ofKafka(name, { 'Cluster Name': clusterName(deployed) })
    return isServerlessCluster(deployed.clusterArn) ? [] : [{ value: { metric, statistic: 'Maximum' } }]
  }
}

/** The cache, or each of its nodes. */
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

/** A source that counts only where the console is deployed. */
export function onConsole(source: Source): Source {
  return deployed => (hasConsole(deployed) ? source(deployed) : [])
}

/** Returns whether the console is deployed. */
export function hasConsole({ functions }: Pick<Deployed, 'functions'>): boolean {
  return functions.some(({ uses }) => uses.includes('console'))
}
