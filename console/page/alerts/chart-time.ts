/** Chooses the time range of an alert's chart. Pure. */

import type { AlertSummary } from '../../../control/tables/alert-summary.ts'
import { HOUR_MS } from '../../../lib/support/duration.ts'

export interface ChartTime {
  readonly fromMs: number
  readonly toMs: number
  /** Hours of statistics to read: the smallest number that includes the start of the range. */
  readonly hours: number
}

/** Numbers of hours that are read from the topics. */
const HOURS = [1, 6, 24]
/** Minimum time that the chart shows before and after the alert, in milliseconds. */
const MARGIN_MS = 10 * 60_000

/** Returns the range of an alert's chart; undefined if the alert is older than charts can show. */
export function chooseChartTime(
  { activeAt, endedAt }: Pick<AlertSummary, 'activeAt' | 'endedAt'>,
  nowMs: number,
): ChartTime | undefined {
  const beganMs = Date.parse(activeAt)
  const endedMs = endedAt === null ? nowMs : Date.parse(endedAt)
  const marginMs = Math.max(MARGIN_MS, (endedMs - beganMs) / 4)
  const fromMs = beganMs - marginMs
  const hours = HOURS.find(hour => nowMs - hour * HOUR_MS <= fromMs)
  return hours === undefined ? undefined : { fromMs, toMs: Math.min(nowMs, endedMs + marginMs), hours }
}
