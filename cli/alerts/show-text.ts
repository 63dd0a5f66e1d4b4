/** Formats one alert, or the alerts of one entity, as text. Pure. */
import type { AlertTransition } from '../../lib/queries/alerts/alert-lives.ts'
import type { ShownAlert, ShownAlerts } from '../../lib/queries/alerts/known-alerts.ts'
import { entityText } from '../../lib/support/group-text.ts'
import { formatQuantity } from '../../lib/support/short-number.ts'
import { utcTime } from '../../lib/support/time-text.ts'
import { describeLag } from '../../lib/tables/alert-end.ts'
import { formatList } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import { formatValue } from './text.ts'

/** JSON document that `alerts show --json` prints. */
export interface AlertsReport extends ShownAlerts {
  readonly env: string
}

export function formatAlertDetails({ alerts, total, pending, behind }: AlertsReport): string {
  const blocks = alerts.map(formatAlert)
  const waiting = pending.map(
    ({ rule, entity, activeAt }) =>
      `${escapeText(rule)} of ${escapeText(entityText(entity))}: pending since ${utcTime(activeAt)}`,
  )
  const more =
    total > alerts.length ? [`The last ${alerts.length} of ${total} alerts. Use --limit to show more.`] : []
  return `${[...blocks, ...waiting, ...more, ...describeLag(behind)].join('\n\n')}\n`
}

function formatAlert(alert: ShownAlert): string {
  const { threshold, unit, endedAt, reason } = alert
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', alert.id],
    ['severity', alert.severity],
    ['summary', alert.summary],
    ['metric', alert.metric === null ? null : `${alert.family}.${alert.metric}`],
    [
      'value',
      `${formatValue(alert.value, alert)}${threshold === null ? '' : `, threshold ${formatQuantity(threshold, unit)}`}`,
    ],
    ['condition since', utcTime(alert.activeAt)],
    ['fired', utcTime(alert.startedAt)],
    ['resolved', endedAt && utcTime(endedAt)],
    ['reason', reason],
    ['labels', formatLabels(alert.labels)],
    ['trace', alert.traceparent],
    ['alerting', formatPhase(alert)],
  ]
  return [
    `${escapeText(alert.rule)} of ${escapeText(entityText(alert.entity))}: ${alert.state}`,
    ...formatList(
      facts.flatMap(([name, text]) => (text === null ? [] : [[name, text]])),
      '  ',
    ),
    '  History:',
    ...alert.transitions.map(transition => `    ${formatTransition(transition, unit)}`),
    ...(alert.transitions.length === 0 ? ['    (no longer on the alerts topic)'] : []),
  ].join('\n')
}

function formatPhase({ state, phase }: ShownAlert): string | null {
  if (state !== 'firing') return null
  if (phase === 'recovering') return 'recovering: the value has cleared, but not for long enough yet'
  return phase === null
    ? 'no longer has it: it is about to resolve, or the state of alerting was lost'
    : phase
}

/**
 * Returns a transition as one line, such as `2026-03-01T12:00:00.000Z fired 0@17 condition value 41 °C
 * (threshold 40 °C) 00-…`.
 */
function formatTransition(
  { time, kind, partition, offset, ...more }: AlertTransition,
  unit?: string,
): string {
  const { value, threshold, reason, traceparent } = more
  const limit = threshold === undefined ? '' : ` (threshold ${formatQuantity(threshold, unit)})`
  const parts = [
    utcTime(time),
    kind,
    `${partition}@${offset}`,
    ...(reason === undefined ? [] : [reason]),
    ...(value === undefined ? [] : [`value ${formatValue(value, { threshold, unit })}${limit}`]),
    ...(traceparent === undefined ? [] : [traceparent]),
  ]
  return escapeText(parts.join('  '))
}

function formatLabels(labels: Readonly<Record<string, string>>): string | null {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? null : pairs.sort().join(', ')
}
