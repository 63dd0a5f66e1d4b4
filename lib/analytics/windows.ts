/**
 * Windows of one minute of event time. One minute is open. The minute that was closed last is stored as well, so that late readings
 * can be included in it. Windows only move forward: `closed` starts before `open`, and older minutes are not reopened.
 */
import { type Measured, type MetricStatistics, withReading } from './metrics.ts'

export const WINDOW_MS = 60_000

/** Statistics of one minute. */
export interface Window {
  /** Start of the minute, in milliseconds since the epoch. */
  readonly startMs: number
  /** Number of times that the summary of the minute was emitted: 0 while the minute is open. */
  readonly revision: number
  readonly metrics: MetricStatistics
}

export interface Windows {
  readonly open: Window
  readonly closed?: Window
}

/** Windows after a reading, and the closed window whose summary is to be emitted, if any. */
interface Assignment {
  readonly reason: 'counted' | 'window-closed' | 'window-revised' | 'late'
  readonly windows: Windows
  readonly due?: Window
}

/**
 * Adds a reading to the window of its minute.
 *
 * @param windows windows before the reading; undefined for the first reading of an entity
 */
export function assignToWindow(windows: Windows | undefined, measured: Measured): Assignment {
  const startMs = minuteOf(measured.timeMs)
  if (windows === undefined) return { reason: 'counted', windows: { open: opened(startMs, measured) } }
  const { open, closed } = windows
  if (startMs === open.startMs) {
    return { reason: 'counted', windows: { ...windows, open: including(open, measured) } }
  }
  if (startMs > open.startMs) {
    const due = published(open)
    return { reason: 'window-closed', windows: { open: opened(startMs, measured), closed: due }, due }
  }
  if (closed !== undefined && startMs < closed.startMs) return { reason: 'late', windows }
  // The reading belongs to the closed minute, or to a minute between the closed and the open one. A minute in between had no
  // readings, and is closed at once.
  const due = published(startMs === closed?.startMs ? including(closed, measured) : opened(startMs, measured))
  return { reason: 'window-revised', windows: { open, closed: due }, due }
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / WINDOW_MS) * WINDOW_MS
}

function opened(startMs: number, measured: Measured): Window {
  return { startMs, revision: 0, metrics: withReading({}, measured) }
}

function including(window: Window, measured: Measured): Window {
  return { ...window, metrics: withReading(window.metrics, measured) }
}

/** Returns the window with its revision incremented. Called each time that its summary is emitted. */
export function published(window: Window): Window {
  return { ...window, revision: window.revision + 1 }
}
