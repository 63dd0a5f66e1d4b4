/** Current state of one entity. */

import { instant, parseEntity } from '#runtime/consumer'
import { CLOCK_ADVICE, describeClocks } from '../../../control/diagnosis/clocks.ts'
import type { Searched } from '../../../control/queries/records/search-newest.ts'
import { readConditionsOf } from '../../../control/questions/rules.ts'
import { ACTIVITIES } from '../../../control/tables/activities.ts'
import { type ActiveAlert, HISTORIES } from '../../../control/tables/conditions.ts'
import {
  entityStatistics,
  listMetrics,
  listStates,
  type NamedState,
  type ShownMetric,
} from '../../../control/tables/entity-statistics.ts'
import { readEntityRows } from '../../../control/tables/table.ts'
import { findHistory, matches, toKeyedRule } from '../../../lib/alerting/evaluation.ts'
import {
  type AlertingHistory,
  type AnyRule,
  conditionKind,
  getRuleIdentity,
  measureKind,
  type Rule,
  rememberingKind,
  thresholdRules,
} from '../../../lib/alerting/index.ts'
import type { ShownStatistics } from '../../../lib/analytics/statistics.ts'
import { HOUR_MS } from '../../../lib/support/duration.ts'
import { isObject } from '../../../lib/support/json.ts'
import { readOwn } from '../../../lib/support/text-match.ts'
import type { Families, ReadingData } from '../../../lib/telemetry/index.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import type { TelemetryReader } from './telemetry-reader.ts'

export interface EntityNow {
  readonly entity: string
  readonly source: string
  readonly subject: string
  readonly family: string
  /** Partition of the readings topic, and the topic's name. */
  readonly partition: number
  readonly topic: string
  readonly metrics: readonly (ShownMetric & { readonly statistics: ShownStatistics | null })[]
  /** States in the order in which the family declares them. */
  readonly states: readonly NamedState[]
  /** Total number of readings. `lastAt` is the event time of the newest reading, RFC 3339. */
  readonly readings: number
  readonly lastAt: string
  /** Time of the last reading of a silent entity, RFC 3339; otherwise null. */
  readonly silentSince: string | null
  /** Tags of the newest reading, such as the source of an event that an input has mapped. */
  readonly tags: Readonly<Record<string, unknown>>
  readonly alerts: readonly ActiveAlert[]
  /** Rules for the entity; null if no rules are active in the partition yet. */
  readonly rules: readonly WatchingRule[] | null
  /** Newest readings in the log, sorted from oldest to newest. */
  readonly newest: readonly ShownReading[]
  /** Problem with the clock of the entity, and how to solve it; otherwise null. */
  readonly clock: string | null
  readonly searched: Searched
}

export interface ShownReading {
  /** Event time, in epoch milliseconds. */
  readonly timeMs: number
  readonly offset: number
  /** Values in the order of the metrics; null for a metric that the reading does not have. */
  readonly values: readonly (number | null)[]
  /** Values of the states, in their order; null for a state that the reading does not have. */
  readonly states: readonly (string | null)[]
}

/** Age of readings in the log that are searched, in milliseconds. */
const NEWEST_MS = 15 * 60_000
const SHOWN_READINGS = 10

/** Returns the current state of an entity. @throws ProblemError if the processor does not know the entity */
export async function readEntityNow(
  environment: ConsoleEnvironment,
  reader: TelemetryReader,
  { entity, hours }: { readonly entity: string; readonly hours: number },
): Promise<EntityNow> {
  const { families } = environment.config
  const inspection = await environment.inspection()
  const readings = await environment.topicSize('readings')
  const statistics = await entityStatistics(inspection, readings, entity, Date.now())
  if (!statistics) throw createUnknownError()
  const { partition, family, metrics } = statistics
  const spanMs = hours * HOUR_MS
  const endsMs = computeChartEnd(statistics, spanMs)
  const period = { sinceMs: endsMs - NEWEST_MS }
  const [[activity], [history], alerts, rules, recent] = await Promise.all([
    readEntityRows(inspection, ACTIVITIES, readings, entity),
    readEntityRows(inspection, HISTORIES, readings, entity),
    readConditionsOf(environment, entity),
    reader.rules(partition),
    reader.readings([entity], [partition], period, { most: SHOWN_READINGS, spanMs: NEWEST_MS }),
  ])
  const { source, subject = '' } = parseEntity(entity)
  const shown = listMetrics(families, family, [metrics])
  const states = listStates(families, statistics)
  const newest = recent.found.at(-1)?.data
  const [clock] = describeClocks(recent.found, Date.now(), statistics.lastAtMs)
  return {
    entity,
    source,
    subject,
    family,
    partition,
    topic: environment.topic('readings'),
    metrics: shown.map(metric => ({ ...metric, statistics: metrics[metric.name] ?? null })),
    states,
    readings: statistics.readings,
    lastAt: instant(statistics.lastAtMs),
    silentSince: activity?.isSilent ? instant(activity.lastMs) : null,
    tags: isObject(newest?.tags) ? newest.tags : {},
    alerts,
    rules: rules
      ? listWatchingRules(families, rules, { family, subject, newest, history, endsMs, spanMs })
      : null,
    newest: recent.found.slice(-SHOWN_READINGS).map(({ timeMs, offset, values, data }) => ({
      timeMs,
      offset,
      values: shown.map(({ name }) => values[name] ?? null),
      states: states.map(({ name }) => {
        const value = readOwn({ ...data })(name)
        return typeof value === 'string' ? value : null
      }),
    })),
    clock: clock === undefined ? null : `${clock}. ${CLOCK_ADVICE}`,
    searched: recent.searched,
  }
}

export function createUnknownError(): ProblemError {
  return new ProblemError(
    'not-found',
    'The processor does not know this entity: it has received no readings from it, or has dropped its state. See the list of entities.',
  )
}

/** Returns the end of an entity's charts: the current time, or the last reading if the chart would otherwise be empty. */
export function computeChartEnd({ lastAtMs }: { readonly lastAtMs: number }, spanMs: number): number {
  const nowMs = Date.now()
  return lastAtMs < nowMs - spanMs ? lastAtMs : Math.max(nowMs, lastAtMs + 1)
}

export interface WatchingRule {
  /** Name and labels of the rule. */
  readonly rule: string
  readonly name: string
  readonly metric: string
  readonly severity: string
  /** Quantity that is compared: `value`, `state`, or a kind of rule that compares a derived number, such as `change`. */
  readonly compares: string
  /** Condition in words. */
  readonly text: string
  /** Unit of the thresholds; `1` or empty if they have no unit. */
  readonly unit: string
  /** Threshold of the rule; null if it has none. */
  readonly fireAbove: number | null
  readonly fireBelow: number | null
  readonly clearBelow: number | null
  readonly clearAbove: number | null
  readonly states: readonly string[]
  /** Time for which the condition must hold before the alert fires, in milliseconds. */
  readonly forMs: number
  readonly isPaused: boolean
  /** Usual values that the rule has learned for the entity; absent if its kind does not learn, or has no reading yet. */
  readonly learned?: {
    /** Time for which it still learns, in milliseconds; 0 or less if it decides. */
    readonly learningMs: number
    /** Values that are usual, at times in epoch milliseconds; null for a bound that is not known. */
    readonly usual: readonly (readonly [atMs: number, least: number | null, most: number | null])[]
  }
}

interface WatchedEntity {
  readonly family: string
  readonly subject?: string
  readonly newest?: ReadingData | undefined
  readonly history?: AlertingHistory | undefined
  /** Times for which the usual values are wanted. */
  readonly endsMs?: number
  readonly spanMs?: number
}

/** Number of times for which the usual values are returned. */
const USUAL = 96

/**
 * Returns the rules that apply to an entity.
 *
 * @param newest data of the newest reading, which contains the site, type and tags of the entity. If it is undefined, rules that
 * match on these are not returned.
 */
export function listWatchingRules(
  families: Families,
  rules: readonly AnyRule[],
  watched: WatchedEntity,
): WatchingRule[] {
  const { family, subject, newest } = watched
  const watches = (rule: Rule) =>
    rule.family === family &&
    (!rule.match || matches(rule.match, families.byName[family], subject, newest ?? {}))
  return thresholdRules(rules)
    .filter(watches)
    .map(rule => ({ ...toWatchingRule(rule), ...computeLearned(rule, watched) }))
}

function computeLearned(
  rule: Rule,
  { history = {}, endsMs = 0, spanMs = 0 }: WatchedEntity,
): Pick<WatchingRule, 'learned'> {
  const { remembering: kind, ...keys } = toKeyedRule(rule)
  const state = findHistory(history, keys)
  if (!state || !kind?.memory.outlook) return {}
  const { outlook } = kind.memory
  const usual = Array.from({ length: USUAL }, (_, index) => {
    const atMs = endsMs - spanMs + (spanMs * index) / (USUAL - 1)
    const { below, above } = outlook(kind.own, state, atMs).usual
    return [atMs, toFinite(below), toFinite(above)] as const
  })
  return { learned: { learningMs: outlook(kind.own, state, endsMs).learningMs, usual } }
}

function toWatchingRule(rule: Rule): WatchingRule {
  const { name, metric, severity, condition, measure, forMs, paused, unit = '1' } = rule
  const kind = conditionKind(condition)
  const { fire, clear, states } = kind.chart?.(condition) ?? {}
  const measureUnit = measure && measureKind(measure).unit
  return {
    rule: getRuleIdentity(rule),
    name,
    metric,
    severity,
    compares: states ? 'state' : (rememberingKind(rule)?.name ?? 'value'),
    text: kind.words.text(condition, unit),
    // Some quantities have no unit, such as a number of standard deviations.
    unit: measureUnit ? '1' : unit,
    fireAbove: toFinite(fire?.above),
    fireBelow: toFinite(fire?.below),
    // The alert resolves when the value is at or below this limit.
    clearBelow: toFinite(clear?.above),
    clearAbove: toFinite(clear?.below),
    states: states ?? [],
    forMs,
    isPaused: paused,
  }
}

function toFinite(limit: number | undefined): number | null {
  return limit !== undefined && Number.isFinite(limit) ? limit : null
}
