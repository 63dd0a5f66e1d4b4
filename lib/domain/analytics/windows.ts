/**
 * Minutes of event time. One is open; the one closed last is kept, so that a reading that comes late for it can still
 * be counted there. Windows only ever move forward: `closed` starts before `open`, and no closed minute comes back.
 */
import { type Measured, type MetricStatistics, withReading } from './metrics.ts'

export const WINDOW_MS = 60_000

/** What was measured in one minute. */
export interface Window {
  /** Its first instant, milliseconds since the epoch. */
  readonly startMs: number
  /** How often its summary has been emitted: 0 while it is open. */
  readonly revision: number
  readonly metrics: MetricStatistics
}

export interface Windows {
  readonly open?: Window
  readonly closed?: Window
}

/** What a reading did to the windows, and the closed window whose summary is now due. */
interface Placed {
  readonly reason: 'counted' | 'window-closed' | 'window-revised' | 'late'
  readonly windows: Windows
  readonly due?: Window
}

/** Puts a reading into the window of its minute. */
export function place(windows: Windows, measured: Measured): Placed {
  const { open, closed } = windows
  const startMs = minuteOf(measured.timeMs)
  if (open === undefined) return { reason: 'counted', windows: { open: opened(startMs, measured) } }
  if (startMs === open.startMs) {
    return { reason: 'counted', windows: { ...windows, open: including(open, measured) } }
  }
  if (startMs > open.startMs) {
    const due = published(open)
    return { reason: 'window-closed', windows: { open: opened(startMs, measured), closed: due }, due }
  }
  if (closed !== undefined && startMs < closed.startMs) return { reason: 'late', windows }
  // A minute after the closed one that had no reading until now: it closes with this one, for the first time.
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

/** The window as its summary is emitted once more. */
export function published(window: Window): Window {
  return { ...window, revision: window.revision + 1 }
}
