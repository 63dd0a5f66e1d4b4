/** Formats lists of alerts as text. Pure. */

import type { PendingAlert, WantedState } from '../../lib/queries/alerts/known-alerts.ts'
import { count } from '../../lib/support/count.ts'
import { formatQuantity, shortNumber } from '../../lib/support/short-number.ts'
import { ALERT_COLUMNS, type AlertSummary } from '../../lib/tables/alert-summary.ts'
import { PENDING_COLUMNS } from '../../lib/tables/conditions.ts'
import { formatRows } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

/** JSON document that `alerts list --json` prints. */
export interface AlertList {
  readonly env: string
  readonly state: WantedState
  /** Alerts in the order of firing. */
  readonly alerts: readonly AlertSummary[]
  /** Number of matching alerts, including those not listed. */
  readonly total: number
  /** Number of records in the alerts topic that the view of firing alerts has not processed yet; null if unknown. */
  readonly behind: number | null
  /** Pending alerts, whose condition has not been met for long enough yet; present only if they were requested. */
  readonly pending?: readonly PendingAlert[]
}

/** Columns that are shown only if past alerts are listed, because they are empty for firing alerts. */
const OF_PAST = ['state', 'endedAt']

/**
 * Formats a list of alerts. @param columns width of the terminal; undefined for no limit
 *
 * @param isNarrowed true if options restrict which alerts are listed
 */
export function formatAlertList(list: AlertList, columns?: number, isNarrowed = false): string {
  const { env, state, alerts, total, behind, pending } = list
  const shown = ALERT_COLUMNS.filter(({ name }) => state !== 'firing' || !OF_PAST.includes(name))
  const more =
    total > alerts.length ? [`The last ${alerts.length} of ${total} alerts. Use --limit to show more.`] : []
  const parts = [
    alerts.length === 0 ? formatEmptyList(state, env, isNarrowed) : formatRows(shown, alerts, columns),
    ...more,
    ...(pending ? [formatPending(pending, env, columns)] : []),
    ...formatBehindNotes(behind),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Formats the value that an alert observed: a number such as `41 °C`, or a state. */
export function formatValue(
  value: AlertSummary['value'],
  { threshold, unit }: Partial<{ threshold: number | null | undefined; unit: string | undefined }>,
): string {
  if (value === null) return '-'
  return typeof value === 'number' ? formatQuantity(shortNumber(value, [threshold]), unit) : escapeText(value)
}

/** Returns notes for a list that may not be up to date. */
export function formatBehindNotes(behind: number | null): string[] {
  if (behind === null) return ['Kafka could not be asked, so this may be out of date: see `sluice doctor`.']
  if (behind === 0) return []
  return [
    `Not up to date: notifier has ${count(behind, 'record')} of the alerts topic left to read. To check its progress: ` +
      'sluice state show notifier --topic alerts',
  ]
}

function formatEmptyList(state: WantedState, env: string, isNarrowed: boolean): string {
  const alert = isNarrowed ? 'No matching alert' : 'No alert'
  if (state === 'firing') return `${alert} fires in "${env}".`
  const what = state === 'resolved' ? 'has resolved' : 'fires or has resolved'
  return `${alert} ${what} in "${env}"${isNarrowed ? '' : ' in the last day: --since goes back further'}.`
}

function formatPending(pending: readonly PendingAlert[], env: string, columns: number | undefined): string {
  if (pending.length === 0) return `No alert is pending in "${env}".`
  return `Pending, because the condition has not held for long enough yet:\n${formatRows(PENDING_COLUMNS, pending, columns)}`
}
