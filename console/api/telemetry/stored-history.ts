/** History of one entity for charts of more than an hour, from the database. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseEntity } from '#runtime/consumer/index.ts'
import { findReaderNeed } from '../../../lib/app/storage.ts'
import {
  type ChartAlert,
  type ChartPoints,
  readAlerts,
  readPoints,
} from '../../../lib/storage/chart-questions.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import {
  type FoundStatistics,
  listMetrics,
  MAX_LISTED_METRICS,
} from '../../../lib/tables/entity-statistics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import { computeChartEnd, requireEntity } from './entity-details.ts'

export interface StoredHistory {
  /** Period of each point. */
  readonly step: 'minute' | 'hour'
  readonly metrics: Readonly<Record<string, ChartPoints>>
  readonly alerts: readonly ChartAlert[]
}

interface HistoryQuery {
  readonly entity: string
  readonly hours: number
  /** Words that the names of the metrics must contain, ignoring case. */
  readonly metric: string
}

/**
 * Returns the history of the metrics that the page shows: minutes of a day, or hours.
 *
 * @throws ProblemError if there is no database, or the processor does not know the entity
 * @throws RetryableError if the database cannot be read
 */
export async function readStoredHistory(
  environment: ConsoleEnvironment,
  { entity, hours, metric }: HistoryQuery,
): Promise<StoredHistory> {
  const need = findReaderNeed(environment.config, environment.isLocal)
  if (need !== undefined) throw new ProblemError('conflict', `Charts of more than an hour need ${need}.`)
  const statistics = await requireEntity(environment, entity)
  const late = pause(LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new ProblemError('unavailable', `The database has not answered within ${LIMIT_MS / 1_000} seconds.`)
  })
  return Promise.race([readHistory(environment, statistics, { entity, hours, metric }), late])
}

/** Time limit of all questions together, in milliseconds. Without their answers, the page shows the last hour. */
const LIMIT_MS = 4_000

async function readHistory(
  environment: ConsoleEnvironment,
  statistics: FoundStatistics,
  { entity, hours, metric }: HistoryQuery,
): Promise<StoredHistory> {
  const storage = await environment.storage()
  const spanMs = hours * 3_600_000
  const toMs = computeChartEnd(statistics, spanMs)
  const period = { ...parseEntity(entity), fromMs: toMs - spanMs, toMs }
  const step = hours <= 24 ? 'minute' : 'hour'
  const fits = textFilter(metric)
  const shown = listMetrics(environment.config.families, statistics.family, [statistics.metrics])
    .filter(({ name }) => statistics.metrics[name] && fits(name))
    .slice(0, MAX_LISTED_METRICS)
  const metrics: (readonly [string, ChartPoints])[] = []
  for (const { name } of shown) metrics.push([name, await readPoints(storage, period, name, step)])
  return { step, metrics: Object.fromEntries(metrics), alerts: await readAlerts(storage, period) }
}
