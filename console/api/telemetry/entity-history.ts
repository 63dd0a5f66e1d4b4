/** History of entities for charts: their readings or their statistics per minute or hour, their states, and their alerts. */

import { setTimeout as pause } from 'node:timers/promises'
import { parseEntity } from '#runtime/consumer'
import {
  type ChartAlert,
  type ChartPoint,
  readAlerts,
  readPoints,
  readStateSpans,
} from '../../../control/queries/chart-questions.ts'
import type { Searched } from '../../../control/queries/records/search-newest.ts'
import {
  type EntityMinute,
  type EntityStateSpan,
  removeDuplicateAlerts,
  selectLastRevisions,
} from '../../../control/queries/states/entity-log.ts'
import { readConditionsOf } from '../../../control/questions/rules.ts'
import type { ActiveAlert } from '../../../control/tables/conditions.ts'
import {
  entityStatistics,
  type FoundStatistics,
  listMetrics,
  listStates,
  type ShownMetric,
} from '../../../control/tables/entity-statistics.ts'
import type { StateSpan } from '../../../lib/analytics/state-times.ts'
import { findReaderNeed } from '../../../lib/app/connections/storage.ts'
import { HOUR_MS } from '../../../lib/support/duration.ts'
import type { MetricKind } from '../../../lib/telemetry/index.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import {
  addOpenMinute,
  chooseMetrics,
  isDense,
  selectSince,
  toMinutes,
  toReadings,
  toSeconds,
} from './chart-lines.ts'
import { computeChartEnd, createUnknownError } from './entity-details.ts'
import type { Period, Recent } from './recent-records.ts'
import { type StateBand, sumHours, toBands } from './state-bands.ts'
import { MAX_READINGS, type TelemetryReader } from './telemetry-reader.ts'

/** Time limit of all questions together, in milliseconds. Without their answers, the page shows the last hour. */
const LIMIT_MS = 4_000

export interface EntityHistory {
  /** What a point is: a reading, or the statistics of a period. */
  readonly step: 'reading' | 'second' | 'minute' | 'hour'
  /** End of the charts, in epoch milliseconds: the current time or, if the charts would be empty, the time of the last reading. */
  readonly endsMs: number
  readonly endsEarly: boolean
  /** Metrics of the family. */
  readonly metrics: readonly ShownMetric[]
  /** Names of the metrics of which there are lines, the one that was asked for first. */
  readonly drawn: readonly string[]
  /** Entities in the order of the query. */
  readonly entities: readonly EntityLines[]
  /** Range of the topic that was searched; null for a history from the database. */
  readonly searched: Searched | null
}

interface EntityLines {
  readonly entity: string
  /** Reason why the entity has no lines. */
  readonly leftOut: 'unknown to the processor' | 'of another family' | null
  /** Points by metric. */
  readonly lines: Readonly<Record<string, readonly ChartPoint[]>>
  /** Bands by state, if the entity is the only one of the query. */
  readonly states: Readonly<Record<string, readonly StateBand[]>>
  readonly alerts: readonly ChartAlert[]
}

export interface HistoryQuery {
  /** Sources and subjects, separated by a space. */
  readonly entities: readonly string[]
  /** Family of the entities; empty for that of the first one. */
  readonly family: string
  /** Length of the charts in hours. */
  readonly hours: number
  /** Name of a metric, or words that the names of metrics must contain, ignoring case. */
  readonly metric: string
}

/**
 * Age after which the statistics of a minute are assumed to be published. They are published when a reading of a later minute
 * arrives.
 */
const LATE_MS = 10 * 60_000
/** Number of minutes of an entity up to which an hour has its readings instead, because a line through few minutes hides them. */
const FEW = 5

/** Entities and range of the charts. */
interface Chart {
  readonly known: readonly FoundStatistics[]
  /** States of which there are bands. */
  readonly states: readonly string[]
  readonly fromMs: number
  readonly endsMs: number
}

/** Source of points, minutes of states and alerts, in the topics or in the database. */
type Source = Pick<EntityHistory, 'step' | 'searched'> & {
  readonly line: (of: FoundStatistics, metric: string, is: MetricKind) => ChartPoint[] | Promise<ChartPoint[]>
  readonly spans: (entity: string, state: string) => readonly StateSpan[] | Promise<readonly StateSpan[]>
  readonly alerts: (entity: string) => ChartAlert[] | Promise<ChartAlert[]>
}

/** Returns the history of entities from a source. @throws ProblemError if the processor knows none of them */
async function buildHistory(
  environment: ConsoleEnvironment,
  { entities, family, hours, metric }: HistoryQuery,
  open: (chart: Chart) => Promise<Source>,
): Promise<EntityHistory> {
  const inspection = await environment.inspection()
  const readings = await environment.topicSize('readings')
  const nowMs = Date.now()
  const found = await Promise.all(
    entities.map(entity => entityStatistics(inspection, readings, entity, nowMs)),
  )
  const charted = family || found.find(Boolean)?.family
  const known = found.filter(own => own !== undefined).filter(own => own.family === charted)
  if (charted === undefined || known.length === 0) throw createUnknownError()
  const reported = known.map(({ metrics }) => metrics)
  const metrics = listMetrics(environment.config.families, charted, reported)
  const lastAtMs = Math.max(...known.map(own => own.lastAtMs))
  const endsMs = computeChartEnd({ lastAtMs }, hours * HOUR_MS)
  const isReported = ({ name }: ShownMetric) => reported.some(own => Object.hasOwn(own, name))
  const drawn = chooseMetrics(metrics.filter(isReported), metric, entities.length)
  const findKind = (metric: string) => metrics.find(({ name }) => name === metric)?.is ?? 'gauge'
  const named = known.flatMap(own => listStates(environment.config.families, own))
  const states = entities.length === 1 ? chooseMetrics(named, metric, 1) : []
  const fromMs = endsMs - hours * HOUR_MS
  const source = await open({ known, states, endsMs, fromMs })
  const shown: EntityLines[] = []
  for (const [index, entity] of entities.entries()) {
    const own = found[index]
    if (own?.family !== charted) {
      shown.push({ entity, leftOut: own ? 'of another family' : 'unknown to the processor', ...NOTHING })
      continue
    }
    const lines: Record<string, readonly ChartPoint[]> = {}
    for (const name of drawn)
      lines[name] = selectSince(
        await source.line(own, name, findKind(name)),
        own.metrics[name]?.since,
        source.step,
      )
    const bands: Record<string, readonly StateBand[]> = {}
    for (const state of states) {
      const spans = [...(await source.spans(entity, state)), ...(own.openSpans[state] ?? [])]
      bands[state] = toBands(spans, fromMs, endsMs)
    }
    const alerts = addFiring(await source.alerts(entity), await readConditionsOf(environment, entity))
    shown.push({ entity, leftOut: null, lines, states: bands, alerts })
  }
  const { step, searched } = source
  return { step, endsMs, endsEarly: endsMs === lastAtMs, metrics, drawn, entities: shown, searched }
}

const NOTHING = { lines: {}, states: {}, alerts: [] }

/** Adds firing alerts that began before the alerts that were read. Pure. */
export function addFiring(past: readonly ChartAlert[], active: readonly ActiveAlert[]): ChartAlert[] {
  const known = new Set(past.map(({ id }) => id))
  const others = active.flatMap(({ rule, alert }) => {
    if (!alert || known.has(alert.alertId)) return []
    const { alertId: id, metric = null, severity, startedAt } = alert
    return [{ id, rule, metric, severity, startedMs: Date.parse(startedAt), endedMs: null }]
  })
  return [...past, ...others]
}

/** Returns the history of entities from the topics. @throws ProblemError if the processor knows none of them */
export function readEntityHistory(
  environment: ConsoleEnvironment,
  reader: TelemetryReader,
  query: HistoryQuery,
): Promise<EntityHistory> {
  return buildHistory(environment, query, async chart => {
    const { known, states, fromMs, endsMs } = chart
    const entities = known.map(({ entity }) => entity)
    const period = choosePeriod(fromMs, endsMs)
    const isOfMinutes = query.hours >= 1
    const reading =
      isOfMinutes || states.length > 0 ? reader.minutes(entities, endsMs - fromMs, period, states) : undefined
    const [points, alerts, minutes] = await Promise.all([
      isOfMinutes && reading
        ? readMinutes(reader, chart, entities, period, reading)
        : readReadings(reader, chart, entities, period),
      reader.alerts(entities, endsMs - fromMs, period),
      reading,
    ])
    const spans = (minutes?.found ?? []).filter(minute => 'state' in minute)
    const within = removeDuplicateAlerts(alerts.found).filter(
      ({ startedMs, endedMs }) => startedMs <= endsMs && (endedMs ?? endsMs) >= fromMs,
    )
    return {
      ...points,
      ...(states.length > 0 && minutes?.searched.ended === 'limit' && { searched: minutes.searched }),
      spans: (_, state) => selectLastRevisions(spans.filter(span => span.state === state)),
      alerts: of => within.filter(({ entity }) => entity === of),
    }
  })
}

async function readReadings(
  reader: TelemetryReader,
  { known, fromMs, endsMs }: Chart,
  entities: readonly string[],
  period: Period,
): Promise<Omit<Source, 'spans' | 'alerts'>> {
  const partitions = [...new Set(known.map(({ partition }) => partition))]
  const limits = { most: MAX_READINGS, spanMs: endsMs - fromMs }
  const { found, searched } = await reader.readings(entities, partitions, period, limits)
  const isCut = found.length >= MAX_READINGS && (found[0]?.timeMs ?? 0) > fromMs
  const within = found.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= endsMs)
  const byEntity = Map.groupBy(within, ({ entity }) => entity)
  const line = ({ entity }: FoundStatistics, metric: string) => toReadings(byEntity.get(entity) ?? [], metric)
  const isOfSeconds = [...byEntity.values()].some(isDense)
  return {
    step: isOfSeconds ? 'second' : 'reading',
    searched: isCut ? { ...searched, ended: 'limit' } : searched,
    line: isOfSeconds ? (of, metric, is) => toSeconds(line(of, metric), is) : line,
  }
}

async function readMinutes(
  reader: TelemetryReader,
  chart: Chart,
  entities: readonly string[],
  period: Period,
  minutes: Promise<Recent<EntityMinute | EntityStateSpan>>,
): Promise<Omit<Source, 'spans' | 'alerts'>> {
  const { known, fromMs, endsMs } = chart
  const { found, searched } = await minutes
  const within = found
    .filter(minute => 'metrics' in minute)
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs <= endsMs)
  const byEntity = Map.groupBy(within, ({ entity }) => entity)
  const areFew = [...byEntity.values()].every(own => new Set(own.map(({ timeMs }) => timeMs)).size <= FEW)
  const isMeasured = known.some(({ open }) => open !== null)
  if (areFew && isMeasured && endsMs - fromMs <= HOUR_MS && !period.around) {
    const readings = await readReadings(reader, chart, entities, period)
    if (readings.searched?.ended !== 'limit') return readings
  }
  const line: Source['line'] = ({ entity, open }, metric, is) =>
    addOpenMinute(toMinutes(selectLastRevisions(byEntity.get(entity) ?? []), metric, is), open, metric, is)
  return { step: 'minute', searched, line }
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

/**
 * Returns the history of the metrics that the page shows from the database, for charts of more than an hour: minutes of a day, or
 * hours.
 *
 * @throws ProblemError if there is no database, or the processor knows none of the entities
 * @throws RetryableError if the database cannot be read
 */
export async function readStoredHistory(
  environment: ConsoleEnvironment,
  query: HistoryQuery,
): Promise<EntityHistory> {
  const need = findReaderNeed(environment.config, environment.isLocal)
  if (need !== undefined) throw new ProblemError('conflict', `Charts of more than an hour need ${need}.`)
  const late = pause(LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new ProblemError('unavailable', `The database has not answered within ${LIMIT_MS / 1_000} seconds.`)
  })
  return Promise.race([readStored(environment, query), late])
}

function readStored(environment: ConsoleEnvironment, query: HistoryQuery): Promise<EntityHistory> {
  const step = query.hours <= 24 ? 'minute' : 'hour'
  return buildHistory(environment, query, async ({ fromMs, endsMs: toMs }) => {
    const storage = await environment.storage()
    return {
      step,
      searched: null,
      line: async ({ entity, open }, metric, is) => {
        const points = await readPoints(storage, { ...parseEntity(entity), fromMs, toMs }, metric, step, is)
        return step === 'minute' ? addOpenMinute(points, open, metric, is) : points
      },
      spans: async (entity, state) => {
        const spans = await readStateSpans(storage, { ...parseEntity(entity), fromMs, toMs }, state)
        return step === 'minute' ? spans : sumHours(spans)
      },
      alerts: entity => readAlerts(storage, { ...parseEntity(entity), fromMs, toMs }),
    }
  })
}
