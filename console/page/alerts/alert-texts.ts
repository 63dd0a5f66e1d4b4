import type { AlertTransition } from '../../../lib/queries/alerts/alert-lives.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import { formatQuantity, shortNumber } from '../../../lib/support/short-number.ts'
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

const REASONS: Readonly<Record<string, string>> = {
  condition: 'its condition held',
  silent: 'the entity was silent',
  'no-ticks': 'the clock of the log stopped',
  pattern: 'its pattern occurred',
  cleared: 'the value cleared',
  'data-returned': 'the entity reports again',
  'rule-removed': 'its rule was removed',
  'rule-paused': 'its rule was paused',
  'not-matched': 'its rule no longer matches the entity, or its row has ended',
  forgotten: 'the entity has not reported for days',
  erased: 'an operator erased the entity',
  'ticks-returned': 'the clock of the log runs again',
  reprocessed: 'its state was recomputed from the log',
}

/** Returns an alert as one line: its summary or, for a resolved one, what resolved it. */
export function describeAlert(alert: AlertSummary): string {
  const { summary, entity, state } = alert
  if (state === 'firing') return summary || entity
  return `${groupText(entity.slice(entity.indexOf(' ') + 1))}: ${describeEnd(alert)}`
}

/** Returns what resolved an alert: the value that cleared it, or the reason. */
function describeEnd({ clearedBy, reason }: Pick<AlertSummary, 'clearedBy' | 'reason'>): string {
  return clearedBy ?? describeReason(reason)
}

/** Describes why an alert fired or resolved. The text can be inserted into a sentence. */
export function describeReason(reason: string | null | undefined): string {
  return reason ? (REASONS[reason] ?? reason) : ''
}

export const TRANSITION_TEXTS: Readonly<Record<AlertTransition['kind'], string>> = {
  fired: 'Fired',
  resolved: 'Resolved',
}
