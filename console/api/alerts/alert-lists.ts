/** Lists of current, past and pending alerts. */

import { check, type InferOutput, number, object, optional, picklist, pipe, string, transform } from 'valibot'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { SEVERITIES } from '../../../lib/alerting/rule.ts'
import {
  type PendingAlert,
  selectAlerts,
  selectPendingAlerts,
} from '../../../lib/queries/alerts/known-alerts.ts'
import { HOUR_MS } from '../../../lib/support/duration.ts'
import { type AlertFilter, type AlertSummary, filteredAlerts } from '../../../lib/tables/alert-summary.ts'
import type { Conditions } from '../../../lib/tables/conditions.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareSharedQuery } from '../../http/declare-route.ts'
import { findSilenceIds, LimitedAlertSource } from './alert-source.ts'

/** An alert in a list. */
export interface AlertRow extends AlertSummary {
  /** Ids of the active silences that match the alert. */
  readonly silencedBy: readonly string[]
}

export interface AlertsNow {
  /** Newest first. */
  readonly alerts: readonly AlertRow[]
  /** Number of matching alerts, including those not listed. */
  readonly total: number
  /** Number of all firing alerts. */
  readonly firing: number
  /** Lag of the function that tracks firing alerts, in records; null if unknown. */
  readonly behind: number | null
}

export interface AlertHistory {
  /** Newest first. */
  readonly alerts: readonly AlertRow[]
  readonly total: number
  /** Number of older records that were not read because of the limit. */
  readonly leftOut: number
  /** True if the time limit was reached before all records were read. */
  readonly isCut: boolean
}

export interface PendingAlerts {
  readonly pending: readonly PendingAlert[]
  readonly total: number
}

const MAX_ROWS = 500

const text = optional(
  pipe(
    string(),
    check(value => value.length <= 300, 'must have at most 300 characters'),
  ),
)
const FILTER = {
  rule: text,
  severity: optional(picklist(SEVERITIES, 'must be critical, warning or info')),
  entity: text,
  label: optional(
    pipe(
      string(),
      check(pair => pair.indexOf('=') > 0, 'must be a label and its value, such as team=ops'),
    ),
  ),
}
const HISTORY = object({
  ...FILTER,
  state: optional(picklist(['resolved', 'all'], 'resolved or all'), 'all'),
  hours: optional(
    pipe(
      string(),
      transform(Number),
      number(),
      check(
        hours => hours > 0 && hours <= 24 * 90,
        'must be a number of hours above 0, up to the 90 days that the topic retains',
      ),
    ),
    '24',
  ),
})

type FilterQuery = { readonly [Key in keyof typeof FILTER]?: string | undefined }

/** Returns the routes for lists of alerts. @param readConditions see `createConditionsReader` */
export function declareAlertListRoutes(
  environment: ConsoleEnvironment,
  readConditions: () => Promise<Conditions>,
) {
  return {
    '/alerts/now': declareSharedQuery(FILTER, query => listAlertsNow(environment, query)),
    '/alerts/history': declareSharedQuery(HISTORY, query => listAlertHistory(environment, query)),
    '/alerts/pending': declareSharedQuery(FILTER, async query => listPending(await readConditions(), query)),
  }
}

async function listAlertsNow(environment: ConsoleEnvironment, query: FilterQuery): Promise<AlertsNow> {
  const source = new LimitedAlertSource(environment)
  const [firing, silences, behind] = await Promise.all([source.firing(), source.silences(), source.behind()])
  const found = filteredAlerts<AlertSummary>(
    firing.map(({ places: _, ...summary }) => summary),
    toAlertFilter(query),
  )
  const alerts = takeNewest(found).map(summary => ({
    ...summary,
    silencedBy: findSilenceIds(silences, summary),
  }))
  return { alerts, total: found.length, firing: firing.length, behind }
}

async function listAlertHistory(
  environment: ConsoleEnvironment,
  query: InferOutput<typeof HISTORY>,
): Promise<AlertHistory> {
  const source = new LimitedAlertSource(environment)
  const sinceMs = Date.now() - query.hours * HOUR_MS
  const found = await selectAlerts(source, query.state, { ...toAlertFilter(query), sinceMs })
  const silences = await source.silences()
  const alerts = takeNewest(found).map(summary => ({
    ...summary,
    silencedBy: summary.state === 'firing' ? findSilenceIds(silences, summary) : [],
  }))
  const { leftOut, isCut } = source
  return { alerts, total: found.length, leftOut, isCut }
}

function listPending({ active }: Conditions, query: FilterQuery): PendingAlerts {
  const found = selectPendingAlerts(active, toAlertFilter(query))
  return { pending: found.slice(0, MAX_ROWS), total: found.length }
}

function toAlertFilter({ rule, severity, entity, label }: FilterQuery): AlertFilter {
  const [name = '', ...value] = label?.split('=') ?? []
  const match = omitUndefined({
    rule: rule === undefined ? undefined : [rule],
    severity: severity === undefined ? undefined : [severity],
    labels: label === undefined ? undefined : { [name]: [value.join('=')] },
  })
  return { match, entity }
}

function takeNewest(alerts: readonly AlertSummary[]): AlertSummary[] {
  return alerts.slice(-MAX_ROWS).reverse()
}
