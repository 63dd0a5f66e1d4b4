/**
 * Minutes of event time. One minute is open. The minute closed last is kept, so that late readings can still be counted in
 * it. Windows only move forward: `closed` starts before `open`, and older minutes are not reopened.
 */
import { type Measured, type MetricStatistics, withReading } from './metrics.ts'

export const WINDOW_MS = 60_000

/** The statistics of one minute. */
export interface Window {
  /** The first instant of the minute, in milliseconds since the epoch. */
  readonly startMs: number
  /** How often the summary has been emitted: 0 while the minute is open. */
  readonly revision: number
  readonly metrics: MetricStatistics
}

export interface Windows {
  readonly open: Window
  readonly closed?: Window
}

/** Effect of a reading on the windows, and the closed window whose summary is due, if any. */
interface Assignment {
  readonly reason: 'counted' | 'window-closed' | 'window-revised' | 'late'
  readonly windows: Windows
  readonly due?: Window
}

/** Counts a reading in the window of its minute. @param windows undefined before the first reading */
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
  // Either the closed minute again, or one between it and the open one that had no reading yet and closes with this one.
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

/** The window with its revision raised, for the next emission of its summary. */
export function published(window: Window): Window {
  return { ...window, revision: window.revision + 1 }
}
