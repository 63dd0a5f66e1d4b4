/** Combines all information about alerts: the view of firing alerts, the alerts topic, and the state of the consumer `alerting`. */

import { formatEntity } from '#runtime/consumer'
import { DAY_MS } from '../../lib/support/duration.ts'
import { matchesAnyPattern, textFilter } from '../../lib/support/text-match.ts'
import type { AlertLife, AlertPredicate } from '../queries/alerts/alert-lives.ts'
import { type AlertFilter, type AlertSummary, filteredAlerts } from '../tables/alert-summary.ts'
import type { ActiveAlert } from '../tables/conditions.ts'
import type { FiringNow } from '../tables/firing-alerts.ts'
import { preferExact } from '../tables/table.ts'
import { type AlertSource, readFiringAlerts } from './alert-source.ts'
import type { Environment } from './environment.ts'
import { readConditionsOf } from './rules.ts'

/** States by which alerts can be selected. Firing alerts are read from the view, other alerts from the alerts topic. */
export const WANTED_STATES = ['firing', 'resolved', 'all'] as const
export type WantedState = (typeof WANTED_STATES)[number]

export type PendingAlert = Pick<ActiveAlert, 'entity' | 'rule' | 'activeAt' | 'partition'>

/** Alert with all transitions. */
export interface ShownAlert extends AlertLife {
  /** Phase of the alert in the state of `alerting`; null if it is unknown. */
  readonly phase: ActiveAlert['phase'] | null
}

export interface ShownAlerts {
  /** Alerts in the order in which they changed. */
  readonly alerts: readonly ShownAlert[]
  /** Number of matching alerts, including alerts beyond the limit. */
  readonly total: number
  /** Pending alerts of the entity; none for an id. */
  readonly pending: readonly PendingAlert[]
  readonly behind: number | null
}

/**
 * Maximum time in milliseconds by which a producer's clock may be ahead of the broker's clock. Alerts with a larger difference are
 * not found.
 */
const AHEAD_MS = 3_600_000

/**
 * Returns the alerts that match the filter, in the order in which they changed. Unless only firing alerts are requested, the topic is
 * read as well.
 */
export async function selectAlerts(
  environment: Environment,
  source: AlertSource,
  state: WantedState,
  filter: AlertFilter,
): Promise<AlertSummary[]> {
  const firing =
    state === 'resolved'
      ? []
      : (await readFiringAlerts(environment)).map(({ places: _, ...summary }) => summary)
  if (state === 'firing') return filteredAlerts<AlertSummary>(firing, filter)
  const lives = (await source.lives(computeWrittenFromMs(filter))).map(
    ({ transitions: _, ...summary }) => summary,
  )
  const byId = new Map<string, AlertSummary>([...firing, ...lives].map(alert => [alert.id, alert]))
  const wanted = [...byId.values()].filter(alert => state === 'all' || alert.state === state)
  return filteredAlerts(wanted, filter)
}

/**
 * Returns active alerts that have not fired yet. Their severity and labels are unknown, so a filter by these properties does not
 * exclude them.
 */
export function selectPendingAlerts(
  active: readonly ActiveAlert[],
  {
    match: { rule: rules = ['*'] } = {},
    entity = '',
    sinceMs = 0,
    untilMs = Number.POSITIVE_INFINITY,
  }: AlertFilter,
): PendingAlert[] {
  const isOfEntity = textFilter(entity)
  const fitting = active
    .filter(({ phase }) => phase === 'pending')
    .filter(({ rule }) => matchesAnyPattern(rules, getRuleName(rule)))
    .filter(alert => isOfEntity(alert.entity))
    .filter(({ activeAt }) => sinceMs <= Date.parse(activeAt) && Date.parse(activeAt) < untilMs)
  return preferExact(fitting, entity).map(toPendingAlert)
}

function toPendingAlert({ rule, entity, activeAt, partition }: ActiveAlert): PendingAlert {
  return { rule, entity, activeAt, partition }
}

/** Returns the name of a rule without its labels and metric. */
function getRuleName(rule: string): string {
  return rule.replace(/[ {].*$/s, '')
}

/** Returns the earliest time at which a relevant record can have been written. */
function computeWrittenFromMs({ sinceMs, untilMs }: Pick<AlertFilter, 'sinceMs' | 'untilMs'>): number {
  return sinceMs === undefined ? (untilMs ?? Date.now()) - DAY_MS : sinceMs - AHEAD_MS
}

/**
 * Returns an alert, or the alerts of an entity, with all transitions.
 *
 * @param wanted alert id, full subject, or words of source and subject
 * @param sinceMs earliest time of writing
 * @param limit maximum number of alerts
 */
export async function readShownAlerts(
  environment: Environment,
  source: AlertSource,
  wanted: string,
  { sinceMs, limit }: { readonly sinceMs: number | undefined; readonly limit: number },
): Promise<ShownAlerts> {
  const behind = await source.behind()
  const firing = await readFiringAlerts(environment)
  const firingAlert = firing.find(({ id }) => id === wanted)
  const lives = firingAlert
    ? await readLives(source, firingAlert)
    : await findLives(source, firing, wanted, sinceMs)
  const shown = lives.slice(-limit)
  // Only the full name of an entity contains a space. Its conditions are read even if no alert was published.
  const entities = firingAlert ? [firingAlert.entity] : listEntities(wanted, shown)
  const active: ActiveAlert[] = []
  // The full name of an entity without a subject ends with a space.
  for (const entity of entities)
    active.push(...(await readConditionsOf(environment, entity.includes(' ') ? entity : `${entity} `)))
  const phases = new Map(
    active.flatMap(({ alert, phase }) => (alert ? [[alert.alertId, phase] as const] : [])),
  )
  const isById = shown.some(({ id }) => id === wanted)
  const pending = isById ? [] : active.filter(({ phase }) => phase === 'pending')
  return {
    alerts: shown.map(life => ({ ...life, phase: phases.get(life.id) ?? null })),
    total: lives.length,
    pending: pending.map(toPendingAlert),
    behind,
  }
}

/**
 * Returns the history of a firing alert. Only the relevant part of the topic is read, because the alert's partitions and start are
 * known.
 */
async function readLives(source: AlertSource, alert: FiringNow): Promise<AlertLife[]> {
  const partitions = alert.places.map(({ partition }) => partition)
  const lives = await source.lives(
    computeWrittenFromMs({ sinceMs: Date.parse(alert.startedAt) }),
    ({ alertId }) => alertId === alert.id,
    ({ partition }) => partitions.includes(partition),
  )
  return lives.length > 0 ? lives : [withoutHistory(alert)]
}

async function findLives(
  source: AlertSource,
  firing: readonly FiringNow[],
  wanted: string,
  sinceMs: number | undefined,
): Promise<AlertLife[]> {
  const isOfEntity = textFilter(wanted)
  const isWanted: AlertPredicate = ({ alertId, entity }) =>
    alertId === wanted || isOfEntity(formatEntity(entity).trim())
  const lives = await source.lives(sinceMs, isWanted)
  const exact = lives.filter(({ id }) => id === wanted)
  if (exact.length > 0) return exact
  const byId = new Map([...firing.map(withoutHistory), ...lives].map(alert => [alert.id, alert]))
  return filteredAlerts([...byId.values()], { entity: wanted })
}

/** Returns an alert without transitions, for an alert whose events are not in the topic or are older than requested. */
function withoutHistory({ places: _, ...alert }: FiringNow): AlertLife {
  return { ...alert, transitions: [] }
}

function listEntities(wanted: string, lives: readonly AlertLife[]): string[] {
  const found = lives.map(({ entity }) => entity)
  return [...new Set(wanted.includes(' ') && found.length === 0 ? [wanted] : found)]
}
