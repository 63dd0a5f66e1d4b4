/** Which time the chart of an alert shows. Pure. */
import type { OneAlert } from '../../api/alerts/one.ts'

export interface ChartTime {
  readonly fromMs: number
  readonly toMs: number
  /** Hours that are asked for: the fewest that reach back to its beginning. */
  readonly hours: number
}

/** The spans that telemetry answers. */
const HOURS = [1, 6, 24]
const HOUR_MS = 3_600_000
/** Shown before the alert and after it, at least. */
const MARGIN_MS = 10 * 60_000

/** From before its condition held to after its end; undefined if that is longer ago than charts reach back. */
export function chartTime(
  { activeAt, endedAt }: Pick<OneAlert, 'activeAt' | 'endedAt'>,
  nowMs: number,
): ChartTime | undefined {
  const beganMs = Date.parse(activeAt)
  const endedMs = endedAt === null ? nowMs : Date.parse(endedAt)
  const marginMs = Math.max(MARGIN_MS, (endedMs - beganMs) / 4)
  const fromMs = beganMs - marginMs
  const hours = HOURS.find(one => nowMs - one * HOUR_MS <= fromMs)
  return hours === undefined ? undefined : { fromMs, toMs: Math.min(nowMs, endedMs + marginMs), hours }
}
