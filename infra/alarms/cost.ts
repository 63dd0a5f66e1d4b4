/** Costs of alarms and dashboard. Pure. */
import type { Alarm } from './alarm.ts'

/** Prices in US dollars a month, in most regions: https://aws.amazon.com/cloudwatch/pricing/ */
const [ALARM_METRIC, COMPOSITE] = [0.1, 0.5]

export interface Cost {
  readonly alarms: number
  /** The metrics that they name: each is paid for, whether it has data or not. */
  readonly metrics: number
  /** Alarms that find their metrics by a query: paid for each metric that it finds, so nothing while nothing has gone wrong. */
  readonly queries: number
  /** Dollars a month, for the metrics that are named and for composite alarms. */
  readonly dollars: number
}

/** @param composites how many there are */
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
