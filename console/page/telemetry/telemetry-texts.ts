/** Texts and figures of the telemetry pages. Pure. */

import type { Searched } from '../../../control/queries/records/search-newest.ts'
import type { TimeInValues } from '../../../lib/analytics/state-times.ts'
import { formatShare } from '../../../lib/support/balance.ts'
import { durationText } from '../../../lib/support/duration.ts'
import { formatQuantity, hasSymbol, shortNumber } from '../../../lib/support/short-number.ts'
import type { MetricKind } from '../../../lib/telemetry/index.ts'
import type { WatchingRule } from '../../api/telemetry/entity-details.ts'
import { isIncrease } from '../charts/chart-series.ts'
import { formatCount, formatDigits } from '../components/value-texts.ts'
import { getTimeIn } from './entity-series.ts'

/** Formats a value with its unit, such as `21.3 °C`. Counts and metrics without a unit have none. */
export function formatValue(value: number, unit: string, limits: readonly number[] = []): string {
  return formatLimit(shortNumber(value, limits), unit)
}

/** Formats a limit with all its digits and its unit. */
export function formatLimit(value: number, unit: string): string {
  return formatQuantity(formatDigits(value), unit)
}

/** Returns a suffix for the name of a metric, such as ` (°C)`; empty for a metric that has none. */
export function formatUnit(unit: string): string {
  return hasSymbol(unit) ? ` (${unit})` : ''
}

/** Returns the title of a chart: of a counter whose increase is drawn, such as `cycles a minute`. */
export function formatTitle(metric: string, is: MetricKind, step: string): string {
  return isIncrease(is, step) ? `${metric} ${step === 'hour' ? 'an' : 'a'} ${step}` : metric
}

/** Formats the condition of a rule, such as `above 40 °C`, `below 0 °C or above 40 °C` or `is degraded`. */
export function formatCondition({ compares, text, unit, fireAbove, fireBelow }: WatchingRule): string {
  const limits = [
    ...(fireBelow === null ? [] : [`below ${formatLimit(fireBelow, unit)}`]),
    ...(fireAbove === null ? [] : [`above ${formatLimit(fireAbove, unit)}`]),
  ]
  if (limits.length === 0) return text
  return `${compares === 'value' ? '' : `${compares} `}${limits.join(' or ')}`
}

/** Formats the time in a value of a state and its share of the period, such as `42 min (70.0 %)`. */
export function formatTimeIn(period: TimeInValues, value: string | null): string {
  const ms = getTimeIn(period, value)
  return `${durationText(ms)} (${formatShare(ms / (period.toMs - period.fromMs || 1))})`
}

/** Formats the duration of a rule, such as `5 min` or `at once`. */
export function formatRuleDuration({ forMs }: WatchingRule): string {
  return forMs === 0 ? 'at once' : durationText(forMs)
}

/** Describes how much was searched if a search reached its limit; undefined if the search was complete. */
export function describeSearchLimit({ records, ended }: Searched): string | undefined {
  if (ended !== 'limit') return undefined
  return `Only the last ${formatCount(records, 'record')} were searched. Older ones are not included.`
}
