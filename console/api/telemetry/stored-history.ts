/** History of one entity for charts of more than an hour, from the database of `storage`. */

import { parseEntity } from '#runtime/consumer/index.ts'
import { findReaderNeed } from '../../../lib/app/storage.ts'
import {
  type ChartAlert,
  type ChartPoints,
  readAlerts,
  readPoints,
} from '../../../lib/storage/chart-questions.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import { computeChartEnd, requireEntity } from './entity-details.ts'
import { listMetrics, MAX_LISTED_METRICS } from './entity-list.ts'

export interface StoredHistory {
  readonly step: 'minute' | 'hour'
  readonly metrics: Readonly<Record<string, ChartPoints>>
  readonly alerts: readonly ChartAlert[]
}

const HOUR_MS = 3_600_000
/** Hours up to which a chart has a point for each minute. */
const MAX_MINUTES_HOURS = 24

/**
 * Returns the history of the metrics that the page shows: those that the entity has reported, and whose names fit.
 *
 * @param query `metric` has words that the names must contain, ignoring case
 * @throws ProblemError if the database is not known, or the processor does not know the entity
 * @throws RetryableError if the database cannot be read
 */
export async function readStoredHistory(
  environment: ConsoleEnvironment,
  { entity, hours, metric }: { readonly entity: string; readonly hours: number; readonly metric: string },
): Promise<StoredHistory> {
  const need = findReaderNeed(environment.config, environment.isLocal)
  if (need !== undefined) throw new ProblemError('conflict', `Charts of more than an hour need ${need}.`)
  const statistics = await requireEntity(environment, entity)
  const storage = await environment.storage()
  const { source, subject } = parseEntity(entity)
  const toMs = computeChartEnd(statistics, hours * HOUR_MS)
  const period = { source, subject, fromMs: toMs - hours * HOUR_MS, toMs }
  const step = hours <= MAX_MINUTES_HOURS ? 'minute' : 'hour'
  const fits = textFilter(metric)
  const shown = listMetrics(statistics.family, [statistics.metrics])
    .map(({ name }) => name)
    .filter(name => statistics.metrics[name] && fits(name))
    .slice(0, MAX_LISTED_METRICS)
  const metrics: (readonly [string, ChartPoints])[] = []
  for (const name of shown) metrics.push([name, await readPoints(storage, period, name, step)])
  return { step, metrics: Object.fromEntries(metrics), alerts: await readAlerts(storage, period) }
}
