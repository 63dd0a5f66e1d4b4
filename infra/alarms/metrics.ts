/** Metrics of alarms. Functions report some of them, AWS services the others. Pure. */

import { DIMENSIONS, type MetricName } from '#runtime/operating/reports'
import type { SCHEDULED_METRICS } from '../../lib/app/naming/metrics.ts'
import { NAMESPACE } from '../../lib/app/naming/name.ts'

type OwnMetric = MetricName | keyof typeof SCHEDULED_METRICS

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
export function buildOwnMetric(environment: string, service: string, name: OwnMetric): Metric {
  return { namespace: NAMESPACE, name, dimensions: { environment, service } }
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

/** Returns the sum over all functions of an environment. */
export function buildSumQuery(environment: string, metric: MetricName): Query {
  const [name = '', reason] = metric.split('/')
  return {
    statistic: 'SUM',
    namespace: NAMESPACE,
    name,
    dimensions: reason === undefined ? DIMENSIONS.whole : DIMENSIONS.byReason,
    where: { environment, ...(reason === undefined ? {} : { reason }) },
  }
}

/** Returns the Metrics Insights query, with names in double quotes and values in single quotes. */
export function toSql({ statistic, namespace, name, dimensions, where }: Query): string {
  const schema = [namespace, ...dimensions].map(name => `"${name}"`).join(', ')
  const conditions = Object.entries(where).map(([label, value]) => `"${label}" = '${value}'`)
  const filter = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  return `SELECT ${statistic}("${name}") FROM SCHEMA(${schema})${filter}`
}
