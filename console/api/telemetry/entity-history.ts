/** Recent history of one entity: its statistics per minute and its alerts. */

import type { Searched } from '../../../lib/queries/records/search-newest.ts'
import {
  type EntityMinute,
  removeDuplicateAlerts,
  selectLastRevisions,
} from '../../../lib/queries/states/entity-log.ts'
import type { ChartAlert } from '../../../lib/storage/chart-questions.ts'
import { HOUR_MS } from '../../../lib/support/duration.ts'
import { listMetrics } from '../../../lib/tables/entity-statistics.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { computeChartEnd, requireEntity } from './entity-details.ts'
import type { Period } from './recent-records.ts'
import type { TelemetryReader } from './telemetry-reader.ts'

export interface EntityHistory {
  /** Start of each minute, in epoch milliseconds. */
  readonly minutes: readonly number[]
  /** Statistics of each minute by metric; null for a minute without readings. */
  readonly metrics: Readonly<Record<string, MinuteColumns>>
  readonly alerts: readonly ChartAlert[]
  /** Range that was searched for minutes. */
  readonly searched: Searched
}

interface MinuteColumns {
  readonly mean: readonly (number | null)[]
  readonly minimum: readonly (number | null)[]
  readonly maximum: readonly (number | null)[]
}

/**
 * Age after which the statistics of a minute are assumed to be published. They are published when a reading of a later minute
 * arrives.
 */
const LATE_MS = 10 * 60_000

/** Returns the history of an entity. @throws ProblemError if the processor does not know the entity */
export async function readEntityHistory(
  environment: ConsoleEnvironment,
  reader: TelemetryReader,
  { entity, hours }: { readonly entity: string; readonly hours: number },
): Promise<EntityHistory> {
  const statistics = await requireEntity(environment, entity)
  const spanMs = hours * HOUR_MS
  const toMs = computeChartEnd(statistics, spanMs)
  const fromMs = toMs - spanMs
  const period = choosePeriod(fromMs, toMs)
  const [minutes, alerts] = await Promise.all([
    reader.minutes(entity, hours, period),
    reader.alerts(entity, hours, period),
  ])
  const within = selectLastRevisions(minutes.found).filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs)
  return {
    minutes: within.map(({ timeMs }) => timeMs),
    metrics: Object.fromEntries(
      listMetrics(environment.config.families, statistics.family, [statistics.metrics]).map(({ name }) => [
        name,
        toColumns(within, name),
      ]),
    ),
    alerts: removeDuplicateAlerts(alerts.found)
      .filter(({ startedMs, endedMs }) => startedMs <= toMs && (endedMs ?? toMs) >= fromMs)
      .map(({ timeMs: _, ...span }) => span),
    searched: minutes.searched,
  }
}

/**
 * Returns the range of append times to search. Minutes of an old period may have been appended when the period ended, or at any
 * later time by a replay. For an old period, the append times around it are therefore searched first and, if nothing is found, the
 * whole topic.
 */
function choosePeriod(fromMs: number, toMs: number): Period {
  const isOld = toMs < Date.now() - LATE_MS
  return isOld ? { sinceMs: 0, around: { fromMs, untilMs: toMs + LATE_MS } } : { sinceMs: fromMs }
}

function toColumns(minutes: readonly EntityMinute[], metric: string): MinuteColumns {
  const column = (name: keyof MinuteColumns) => minutes.map(({ metrics }) => metrics[metric]?.[name] ?? null)
  return { mean: column('mean'), minimum: column('minimum'), maximum: column('maximum') }
}
