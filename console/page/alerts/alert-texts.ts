import type { AlertTransition } from '../../../lib/queries/alerts/alert-lives.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import { formatQuantity, shortNumber } from '../../../lib/support/short-number.ts'
import { describeEnd } from '../../../lib/tables/alert-end.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import { formatDigits } from '../components/value-texts.ts'

/** Formats a number with its unit, such as `41.3 °C`, or an observed state. */
export function formatAlertValue(
  value: number | string | null,
  { threshold, unit }: Partial<{ threshold: number | null | undefined; unit: string | undefined }>,
): string {
  if (value === null) return '–'
  return typeof value === 'number'
    ? formatQuantity(formatDigits(shortNumber(value, [threshold])), unit)
    : value
}

/** Formats a value and its threshold, such as `41.3 °C (threshold 40 °C)`. */
export function formatValueAndThreshold(alert: Pick<AlertSummary, 'value' | 'threshold' | 'unit'>): string {
  const { value, threshold, unit } = alert
  const shown = formatAlertValue(value, alert)
  return threshold === null ? shown : `${shown} (threshold ${formatQuantity(formatDigits(threshold), unit)})`
}

/** Formats the duration of an alert, such as `firing for 3 min 20 s` or `resolved after 2 h 5 min: humidity is 52 %`. */
export function describeDuration(
  alert: Pick<AlertSummary, 'state' | 'startedAt' | 'endedAt' | 'clearedBy' | 'reason'>,
  nowMs: number,
): string {
  const { state, startedAt, endedAt } = alert
  const startMs = Date.parse(startedAt)
  if (state === 'resolved') {
    const after = endedAt === null ? '' : ` after ${durationText(Date.parse(endedAt) - startMs)}`
    return `resolved${after}: ${describeEnd(alert)}`
  }
  return `firing for ${durationText(Math.max(0, nowMs - startMs))}`
}

/** Returns an alert as one line: its summary or, for a resolved one, what resolved it. */
export function describeAlert(alert: AlertSummary): string {
  const { summary, entity, state } = alert
  if (state === 'firing') return summary || entity
  return `${groupText(entity.slice(entity.indexOf(' ') + 1))}: ${describeEnd(alert)}`
}

export const TRANSITION_TEXTS: Readonly<Record<AlertTransition['kind'], string>> = {
  fired: 'Fired',
  resolved: 'Resolved',
}
