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
export function conditionText({ compares, text, unit, fireAbove, fireBelow }: WatchingRule): string {
  const limits = [
    ...(fireBelow === null ? [] : [`below ${valueText(fireBelow, unit)}`]),
    ...(fireAbove === null ? [] : [`above ${valueText(fireAbove, unit)}`]),
  ]
  if (limits.length === 0) return text
  return `${compares === 'value' ? '' : `${compares} `}${limits.join(' or ')}`
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
