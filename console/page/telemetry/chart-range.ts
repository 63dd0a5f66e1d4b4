/** Ranges of the charts of entities, as they stand in the address. Pure. */
import { HOUR_MS } from '../../../lib/support/duration.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { formatTime } from '../components/value-texts.ts'

/** The last hour is drawn from the minutes in the topics. Longer ranges need the database. */
export const HOUR = { name: 'hour', hours: 1, text: 'hour' }
/** The last quarter of an hour is drawn from the readings in the topics. */
export const QUARTER: ChartRange = { name: '15m', hours: 0.25, text: '15 minutes' }

export type ChartRange = typeof HOUR

export const RANGES: readonly ChartRange[] = [
  QUARTER,
  HOUR,
  { name: 'day', hours: 24, text: 'day' },
  { name: 'week', hours: 168, text: 'week' },
  { name: '30d', hours: 720, text: '30 days' },
]

/** Returns the start of charts: the first value of any of them or, without values, the start of the range. */
export function findBeginMs({ entities, endsMs }: EntityHistory, { hours }: ChartRange): number {
  const fromMs = endsMs - hours * HOUR_MS
  const firsts = entities.flatMap(({ lines, states }) => [
    ...Object.values(lines).flatMap(line => line.find(([atMs]) => atMs >= fromMs)?.[0] ?? []),
    ...Object.values(states).flatMap(([first]) => first?.fromMs ?? []),
  ])
  return firsts.length > 0 ? Math.min(...firsts) : fromMs
}

/** Formats the period of charts: that of the range, unless they lack a tenth of it or more. */
export function formatPeriod(history: EntityHistory, range: ChartRange, nowMs: number): string {
  const fromMs = findBeginMs(history, range)
  const isLate = fromMs > history.endsMs - 0.9 * range.hours * HOUR_MS
  return isLate ? `since ${formatTime(fromMs, nowMs)}` : `in the last ${range.text}`
}
