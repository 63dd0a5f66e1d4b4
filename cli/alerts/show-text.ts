/** One alert, or the alerts of one entity, as text. Pure. */
import type { AlertLife, AlertTransition } from '../../lib/queries/alert-history.ts'
import type { ActiveAlert } from '../../lib/queries/alerts.ts'
import { harmless } from '../text-width.ts'
import { behindNotes, type PendingAlert, shownNumber, valueText } from './text.ts'

/** What `alerts show --json` prints of an alert. */
interface ShownAlert extends AlertLife {
  /** What alerting itself knows of it; null if it does not know it, or could not be asked. */
  readonly phase: ActiveAlert['phase'] | null
}

export interface AlertsReport {
  readonly env: string
  /** In the order in which they fired. */
  readonly alerts: readonly ShownAlert[]
  /** How many there are, shown or not. */
  readonly total: number
  /** Of the entity. */
  readonly pending: readonly PendingAlert[]
  readonly behind: number | null
}

export function showText({ alerts, total, pending, behind }: AlertsReport): string {
  const blocks = alerts.map(alertText)
  const waiting = pending.map(
    ({ rule, entity, activeAt }) => `${harmless(rule)} of ${harmless(entity)}: pending since ${activeAt}`,
  )
  const more = total > alerts.length ? [`The last ${alerts.length} of ${total}: --limit shows more.`] : []
  return `${[...blocks, ...waiting, ...more, ...behindNotes(behind)].join('\n\n')}\n`
}

function alertText(alert: ShownAlert): string {
  const { acknowledged, threshold, endedAt, reason } = alert
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', alert.id],
    ['severity', alert.severity],
    ['summary', alert.summary],
    ['metric', alert.metric === null ? null : `${alert.family}.${alert.metric}`],
    ['value', `${valueText(alert)}${threshold === null ? '' : `, threshold ${shownNumber(threshold)}`}`],
    ['condition since', alert.activeAt],
    ['fired', alert.startedAt],
    ['resolved', endedAt],
    ['reason', reason],
    ['labels', labelsText(alert.labels)],
    ['trace', alert.traceparent],
    ['acknowledged', acknowledged && `by ${acknowledged.by} at ${acknowledged.at}${said(acknowledged)}`],
    ['alerting', phaseText(alert)],
  ]
  return [
    `${harmless(alert.rule)} of ${harmless(alert.entity)}: ${alert.state}`,
    ...facts.flatMap(([name, text]) => (text === null ? [] : [`  ${name.padEnd(15)}  ${harmless(text)}`])),
    '  What happened:',
    ...alert.transitions.map(one => `    ${transitionText(one)}`),
    ...(alert.transitions.length === 0 ? ['    (no longer on the alerts topic)'] : []),
  ].join('\n')
}

function phaseText({ state, phase }: ShownAlert): string | null {
  if (state !== 'firing') return null
  if (phase === 'recovering') return 'recovering: the value has cleared, but not for long enough yet'
  return phase === null
    ? 'does not know it any more: its end is on the way, or the state of alerting was lost'
    : phase
}

/** `2026-03-01T12:00:00.000Z  fired  0@17  condition  value 41 (threshold 40)  00-…`. What a person says has no cause to trace. */
function transitionText({ time, kind, partition, offset, ...more }: AlertTransition): string {
  const { value, threshold, reason, by, traceparent } = more
  const limit = threshold === undefined ? '' : ` (threshold ${shownNumber(threshold)})`
  const parts = [
    time,
    kind,
    `${partition}@${offset}`,
    ...(reason === undefined ? [] : [reason]),
    ...(value === undefined ? [] : [`value ${valueText({ value })}${limit}`]),
    ...(by === undefined ? [] : [`by ${by}${said(more)}`]),
    ...(traceparent === undefined || by !== undefined ? [] : [traceparent]),
  ]
  return harmless(parts.join('  '))
}

function said({ comment }: { readonly comment?: string }): string {
  return comment === undefined ? '' : `: ${comment}`
}

function labelsText(labels: Readonly<Record<string, string>>): string | null {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? null : pairs.sort().join(', ')
}
