/** What alarms and dashboard cost. Pure. */
import type { Alarm } from './resources.ts'

/** In US dollars a month, in most regions: https://aws.amazon.com/cloudwatch/pricing/ */
const ALARM_METRIC = 0.1

export interface Cost {
  readonly alarms: number
  /** The metrics that they name: each is paid for, whether it has data or not. */
  readonly metrics: number
  /** Alarms that find their metrics by a query: paid for each metric that it finds, so nothing while nothing has gone wrong. */
  readonly queries: number
  /** Dollars a month, for the metrics that are named. */
  readonly dollars: number
}

export function costOf(alarms: readonly Alarm[]): Cost {
  const values = alarms.map(({ watched }) => watched.value)
  const queries = values.filter(value => 'query' in value).length
  const metrics = values.reduce((sum, value) => sum + metricsOf(value), 0)
  return { alarms: alarms.length, metrics, queries, dollars: metrics * ALARM_METRIC }
}

function metricsOf(value: Alarm['watched']['value']): number {
  if ('query' in value) return 0
  return 'metrics' in value ? Object.keys(value.metrics).length : 1
}
