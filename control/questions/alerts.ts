import { omitUndefined } from '#runtime/consumer'
import { createKind } from '#runtime/settings'
import { SEVERITIES, type Severity } from '../../lib/alerting/index.ts'
import { NOTIFIER } from '../../lib/notification/firing-alerts.ts'
import { count as countText } from '../../lib/support/count.ts'
import { DAY_MS } from '../../lib/support/duration.ts'
import { toFlatDocument } from '../queries/records/flat-document.ts'
import { describeEnd, findEventTime } from '../tables/alert-end.ts'
import type { AlertFilter, AlertSummary } from '../tables/alert-summary.ts'
import { AlertSource, findSilenceIds, readFiringAlerts } from './alert-source.ts'
import { column, type Tone } from './column.ts'
import {
  choiceField,
  type Field,
  type Filter,
  listDistinct,
  offerNames,
  requireOrder,
  textField,
  timeField,
} from './field.ts'
import { selectAlerts, selectPendingAlerts, WANTED_STATES } from './known-alerts.ts'
import { describeLag } from './lag.ts'
import { question } from './question.ts'
import { readActiveRules, readConditions } from './rules.ts'

/** Labels with the values that each may have. */
const LABELS = createKind((text): Readonly<Record<string, string[]>> | undefined => {
  const pairs = text.split(',').map(pair => [pair.trim(), pair.trim().indexOf('=')] as const)
  if (pairs.some(([, equals]) => equals < 1)) return undefined
  const byName = Map.groupBy(pairs, ([pair, equals]) => pair.slice(0, equals))
  const toValue = ([pair, equals]: readonly [string, number]) => pair.slice(equals + 1)
  return Object.fromEntries([...byName].map(([name, own]) => [name, own.map(toValue)]))
}, 'a label and its value, such as team=ops, or several, separated by commas')

const label: Field<Readonly<Record<string, string[]>>> = {
  kind: LABELS,
  about: 'only alerts with these labels, such as team=ops,site=a; * matches any characters',
  form: { type: 'text', example: 'team=ops' },
}

const OF_RULE = {
  rule: offerNames(textField('only alerts of this rule; * matches any characters', 'HIGH_*')),
  entity: textField('only alerts of this entity: a whole subject, or words of source and subject', 'pump-1'),
}

const FILTER = {
  state: choiceField(WANTED_STATES, 'firing, resolved, or all of them', 'firing'),
  ...OF_RULE,
  severity: choiceField(SEVERITIES, 'only alerts of this severity', 'any'),
  label,
  since: timeField('only alerts that fired since'),
  until: timeField('only alerts that fired before'),
}

/** Time for which alerts are counted that have fired if none is firing, in milliseconds. */
const RECENT_MS = 3_600_000

export const ALERTS = question({
  title: 'Firing and past alerts',
  ofFlow: ['alerting', 'patterns', 'grouping', NOTIFIER],
  about: `List firing alerts: critical ones first, and the last written first. Those of readings that were days old when they fired
are behind others of their severity. With --state, resolved alerts are listed, too.

Firing alerts are read from the state of the function notifier, so the time of the query does not depend on the
number of entities. Resolved alerts are read from the alerts topic.`,
  more: `
--since and --until refer to the time at which an alert fired. Without --since, only resolved alerts with an event in the day
before --until are included. The default of --until is now.

Examples:
  sluice alerts list
  sluice alerts list --severity critical
  sluice alerts list --state all --rule HIGH_TEMP --since 6h --json`,
  filter: FILTER,
  async read(environment, filter, limits) {
    const { state = 'firing' } = filter
    requireOrder(filter)
    const source = new AlertSource(environment, limits)
    const behind = state === 'resolved' ? 0 : await source.behind()
    const found = await selectAlerts(environment, source, state, toAlertFilter(filter))
    const silences = await source.silences()
    const rows = found
      .reverse()
      .sort((a, b) => rankAlert(a) - rankAlert(b))
      .slice(0, limits.most)
      .map(alert => {
        const isSilenced = alert.state === 'firing' && findSilenceIds(silences, alert).length > 0
        const end = alert.state === 'firing' ? null : describeEnd(alert)
        return {
          ...alert,
          unit: alert.unit ?? null,
          ...describeTimes(alert),
          silenced: isSilenced ? 'silenced' : null,
          end,
          tone: judgeAlert(alert),
        }
      })
    const isQuiet = state === 'firing' && found.length === 0 && filter.since === undefined
    const past = isQuiet
      ? await selectAlerts(environment, source, 'resolved', {
          ...toAlertFilter(filter),
          sinceMs: limits.nowMs - RECENT_MS,
        })
      : []
    return {
      rows,
      more: found.length - rows.length,
      notes: [...describePast(past), ...describeLag(behind, NOTIFIER, 'alerts'), ...describeRest(source)],
    }
  },
}).shownAs({
  key: 'id',
  columns: [
    column('rule', { heading: 'Alert', link: 'alert', linkBy: ['id'], terminal: { least: 10 } }),
    column('summary', { terminal: { least: 20, leaveOut: 1 }, page: { below: 'rule' } }),
    column('entity', { type: 'entity', terminal: { least: 12 } }),
    column('severity', { type: 'severity', terminal: { leaveOut: 5 } }),
    column('changedAt', { heading: 'Changed', type: 'time', terminal: { leaveOut: 4 } }),
    column('eventAt', {
      heading: 'Readings of',
      type: 'time',
      terminal: { leaveOut: 8 },
      page: { below: 'changedAt' },
    }),
    column('lastsSince', { heading: 'Lasted', type: 'span', until: 'endedAt', terminal: { leaveOut: 3 } }),
    column('value', { type: 'quantity', unit: 'unit', limit: 'threshold', terminal: { leaveOut: 2 } }),
    column('state', { tone: 'tone' }),
    column('end', { terminal: { leaveOut: 6 }, page: { below: 'state' } }),
    column('silenced', { type: 'badge', terminal: { leaveOut: 7 }, page: { below: 'rule' } }),
    column('id', { only: 'terminal' }),
  ],
  empty: 'No matching alerts. Without --since, only those of the last day are looked at.',
  page: {
    async values(environment) {
      const [firing, { rules }] = await Promise.all([
        readFiringAlerts(environment),
        readActiveRules(environment),
      ])
      return {
        rule: listDistinct([...rules.map(({ name }) => name), ...firing.map(({ rule }) => rule)]),
        entity: listDistinct(firing.map(({ entity }) => entity)),
      }
    },
  },
  terminal: {
    usual: 50,
    flat: async (_, rows) =>
      rows.map(row =>
        toFlatDocument({
          ...{ ...row, silenced: undefined, end: undefined, tone: undefined },
          ...{ eventAt: undefined, lastsSince: undefined },
        }),
      ),
  },
})

export const PENDING_ALERTS = question({
  title: 'Pending alerts',
  ofFlow: ['alerting', 'patterns'],
  about: `List alerts that do not fire yet, because their condition has not held for long enough.

Only the state of alerting contains pending alerts: this command reads it for every entity and group.`,
  more: `
Examples:
  sluice alerts pending
  sluice alerts pending --rule HIGH_TEMP --json`,
  filter: OF_RULE,
  async read(environment, filter) {
    const { active } = await readConditions(environment)
    const found = selectPendingAlerts(active, toAlertFilter(filter))
    return {
      rows: found.map(alert => ({ ...alert, key: `${alert.rule} ${alert.entity} ${alert.partition}` })),
    }
  },
}).shownAs({
  key: 'key',
  columns: [
    column('rule', { terminal: { least: 10 } }),
    column('entity', { type: 'entity', terminal: { least: 12 } }),
    column('activeAt', { heading: 'Since', type: 'time', terminal: { leaveOut: 1 } }),
  ],
  empty: 'No alerts are pending.',
})

function toAlertFilter({ rule, severity, entity, label, since, until }: Filter<typeof FILTER>): AlertFilter {
  const match = omitUndefined({
    rule: rule === undefined ? undefined : [rule],
    severity: severity === undefined ? undefined : [severity],
    labels: label,
  })
  return { match, entity, sinceMs: since, untilMs: until }
}

/** Returns whether an alert fires because of readings that were days old when it changed. How long it lasts is then unknown. */
function isOfOldReadings({ state, changedAt, startedAt }: AlertSummary): boolean {
  return state === 'firing' && Date.parse(changedAt) - Date.parse(startedAt) > DAY_MS
}

/** Returns the time of the alert's readings, if it differs, and the time since which it lasts, if that is known. */
export function describeTimes(alert: AlertSummary) {
  return {
    eventAt: findEventTime(alert),
    lastsSince: isOfOldReadings(alert) ? null : alert.startedAt,
  }
}

/** Returns the rank of an alert in lists: firing ones by severity, and those of old readings behind the others of their severity. */
export function rankAlert(alert: AlertSummary): number {
  if (alert.state !== 'firing') return SEVERITIES.length
  return SEVERITIES.indexOf(alert.severity as Severity) + (isOfOldReadings(alert) ? 0.5 : 0)
}

/** Returns the tone of an alert: only a critical one that fires is a fault. */
export function judgeAlert({ state, severity }: Pick<AlertSummary, 'state' | 'severity'>): Tone {
  if (state === 'resolved') return 'good'
  return severity === 'critical' ? 'bad' : 'warn'
}

function describePast(past: readonly unknown[]): string[] {
  if (past.length === 0) return []
  return [
    `No matching alerts are firing. In the last hour, ${countText(past.length, 'alert')} fired and resolved: choose the state resolved to see ${past.length === 1 ? 'it' : 'them'}.`,
  ]
}

function describeRest({ leftOut, isCut }: AlertSource): string[] {
  return [
    ...(isCut ? ['The time limit was reached, so the list is incomplete. Choose a shorter time.'] : []),
    ...(leftOut > 0
      ? [
          `${countText(leftOut, 'older record')} of the topic not read. Choose a shorter time to see all alerts.`,
        ]
      : []),
  ]
}
