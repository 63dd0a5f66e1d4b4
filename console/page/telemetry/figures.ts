/** Words and figures of telemetry. Pure. */

import type { Searched } from '../../../lib/queries/newest-records.ts'
import type { StatisticName } from '../../api/telemetry/entity-page.ts'
import type { WatchingRule } from '../../api/telemetry/thresholds.ts'
import { countText, durationText, numberText } from '../parts/words.ts'

export const STATISTIC_WORDS: Readonly<Record<StatisticName, string>> = {
  last: 'newest',
  mean: 'mean',
  minimum: 'least',
  maximum: 'greatest',
  standardDeviation: 'standard deviation',
}

/** `21.3 °C`; a count has no unit. */
export function valueText(value: number, unit: string): string {
  return unit === '1' ? numberText(value) : `${numberText(value)} ${unit}`
}

/** ` (°C)` behind the name of a metric; nothing for a count. */
export function unitText(unit: string): string {
  return unit === '1' ? '' : ` (${unit})`
}

/** What makes a rule fire: `above 40 °C`, `below 0 °C or above 40 °C`, `is degraded`. */
export function conditionText(rule: WatchingRule, unit: string): string {
  const { compares, fireAbove, fireBelow, states } = rule
  if (compares === 'state') return `is ${states.join(' or ')}`
  const limits = [
    ...(fireBelow === null ? [] : [`below ${limitText(rule, fireBelow, unit)}`]),
    ...(fireAbove === null ? [] : [`above ${limitText(rule, fireAbove, unit)}`]),
  ].join(' or ')
  return compares === 'value' ? limits : `${compares} ${limits}`
}

/** A deviation has no unit: it counts standard deviations. */
function limitText({ compares }: WatchingRule, limit: number, unit: string): string {
  return compares === 'deviation' ? numberText(limit) : valueText(limit, unit)
}

/** How long a rule waits: `5 min`; `at once`. Rules have whole minutes and hours, mostly. */
export function forText({ forMs }: WatchingRule): string {
  return forMs === 0 ? 'at once' : durationText(forMs).replace(/ 0 \w+$/, '')
}

/** What a search could not see; undefined if it saw everything. */
export function searchedText({ records, ended }: Searched): string | undefined {
  if (ended !== 'limit') return undefined
  return `Only the last ${countText(records, 'record')} were looked at: older ones are left out.`
}
