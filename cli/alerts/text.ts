/** Lists and counts of alerts as text. Pure. */

import type { PendingAlert, WantedState } from '../../lib/queries/known-alerts.ts'
import type { AlertCount, AlertSummary, CountedBy } from '../../lib/tables/alert-summary.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'

/** What `alerts list --json` prints. */
export interface AlertList {
  readonly env: string
  readonly state: WantedState
  /** In the order in which they fired. */
  readonly alerts: readonly AlertSummary[]
  /** How many fit, listed or not. */
  readonly total: number
  /** How many records of the topic are still to be read by the function that knows what fires; null if that is not known. */
  readonly behind: number | null
  /** Alerts whose condition holds, but not for long enough yet; only if they were asked for. */
  readonly pending?: readonly PendingAlert[]
}

/** What `alerts count --json` prints. */
export interface AlertCounts {
  readonly env: string
  readonly state: WantedState
  readonly by: CountedBy
  readonly counts: readonly AlertCount[]
  readonly total: number
  readonly behind: number | null
}

interface ShownColumn extends Column {
  /** Shown only where alerts can have ended. */
  readonly past?: true
  cell(alert: AlertSummary): string
}

const COLUMNS: readonly ShownColumn[] = [
  { heading: 'ID', cell: ({ id }) => harmless(id) },
  { heading: 'STATE', past: true, cell: ({ state }) => state },
  { heading: 'SEVERITY', leaveOut: 5, cell: ({ severity }) => harmless(severity) },
  { heading: 'RULE', least: 10, cell: ({ rule }) => harmless(rule) },
  { heading: 'ENTITY', least: 12, cut: 'start', cell: ({ entity }) => harmless(entity) },
  { heading: 'FIRED', leaveOut: 4, cell: ({ startedAt }) => harmless(startedAt) },
  { heading: 'RESOLVED', past: true, leaveOut: 3, cell: ({ endedAt }) => harmless(endedAt ?? '-') },
  { heading: 'VALUE', align: 'right', leaveOut: 2, cell: valueText },
  { heading: 'BY', least: 6, leaveOut: 6, cell: ({ acknowledged }) => harmless(acknowledged?.by ?? '-') },
  { heading: 'SUMMARY', least: 20, leaveOut: 1, cell: ({ summary }) => harmless(summary) },
]

const PENDING_COLUMNS: readonly Column[] = [
  { heading: 'RULE', least: 10 },
  { heading: 'ENTITY', least: 12, cut: 'start' },
  { heading: 'SINCE', leaveOut: 1 },
]

/**
 * @param columns of the terminal; undefined: no limit
 * @param isNarrowed options have narrowed what was asked for
 */
export function listText(list: AlertList, columns?: number, isNarrowed = false): string {
  const { env, state, alerts, total, behind, pending } = list
  const shown = COLUMNS.filter(({ past }) => !past || state !== 'firing')
  const rows = alerts.map(alert => shown.map(({ cell }) => cell(alert)))
  const more = total > alerts.length ? [`The last ${alerts.length} of ${total}: --limit shows more.`] : []
  const parts = [
    rows.length === 0 ? nothingText(state, env, isNarrowed) : tableText(shown, rows, columns),
    ...more,
    ...(pending ? [pendingText(pending, env, columns)] : []),
    ...behindNotes(behind),
  ]
  return `${parts.join('\n\n')}\n`
}

export function countText(
  { env, state, by, counts, total, behind }: AlertCounts,
  columns?: number,
  isNarrowed = false,
): string {
  const head: readonly Column[] = [
    { heading: by.toUpperCase(), least: 12, ...(by === 'entity' ? { cut: 'start' } : {}) },
    { heading: 'ALERTS', align: 'right' },
  ]
  const rows = [...counts.map(({ of, count }) => [harmless(of), String(count)]), ['all', String(total)]]
  const table = total === 0 ? nothingText(state, env, isNarrowed) : tableText(head, rows, columns)
  return `${[table, ...behindNotes(behind)].join('\n\n')}\n`
}

/** `41`, or the state that was observed. */
export function valueText({ value }: Pick<AlertSummary, 'value'>): string {
  return value === null ? '-' : typeof value === 'number' ? shownNumber(value) : harmless(value)
}

/** More digits do not help a reader; `--json` has them all. */
export function shownNumber(value: number): string {
  return String(Number(value.toPrecision(6)))
}

/** A list that may not be complete says so. */
export function behindNotes(behind: number | null): string[] {
  if (behind === null) return ['Kafka does not answer, so it is not known whether this is up to date.']
  if (behind === 0) return []
  return [
    `Not up to date: firing-alerts has ${behind} records of the alerts topic still to read. ` +
      'sluice state show firing-alerts --topic alerts',
  ]
}

function nothingText(state: WantedState, env: string, isNarrowed: boolean): string {
  const alert = isNarrowed ? 'No alert that fits' : 'No alert'
  if (state === 'firing') return `${alert} fires in "${env}".`
  const what = state === 'resolved' ? 'has resolved' : 'fires or has resolved'
  return `${alert} ${what} in "${env}"${isNarrowed ? '' : ' in the last day: --since goes back further'}.`
}

function pendingText(pending: readonly PendingAlert[], env: string, columns: number | undefined): string {
  if (pending.length === 0) return `No alert is pending in "${env}".`
  const rows = pending.map(({ rule, entity, activeAt }) => [harmless(rule), harmless(entity), activeAt])
  return `Pending, not for long enough yet:\n${tableText(PENDING_COLUMNS, rows, columns)}`
}
