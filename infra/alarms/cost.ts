/** Costs of alarms and dashboard. Pure. */
import type { Alarm } from './alarm.ts'

/** Prices in US dollars per month, in most regions: https://aws.amazon.com/cloudwatch/pricing/ */
const [ALARM_METRIC, COMPOSITE] = [0.1, 0.5]

export interface Cost {
  readonly alarms: number
  /** Number of metrics that alarms watch. A metric is billed even if it has no data. */
  readonly metrics: number
  /**
   * Number of alarms with queries. They are billed per metric that the query finds, and a failure metric does not exist before the
   * first failure.
   */
  readonly queries: number
  /** Dollars per month for metrics and composite alarms. The cost of queries is not included. */
  readonly dollars: number
}

/** Returns the cost of alarms. @param composites number of composite alarms */
export function costOf(alarms: readonly Alarm[], composites: number): Cost {
  const values = alarms.map(({ watched }) => watched.value)
  const queries = values.filter(value => 'query' in value).length
  const metrics = values.reduce((sum, value) => sum + metricsOf(value), 0)
  return { alarms: alarms.length, metrics, queries, dollars: metrics * ALARM_METRIC + composites * COMPOSITE }
}

function metricsOf(value: Alarm['watched']['value']): number {
  if ('query' in value) return 0
  return 'metrics' in value ? Object.keys(value.metrics).length : 1
}
