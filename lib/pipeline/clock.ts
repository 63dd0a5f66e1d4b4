import type { LogRecord } from '../cloudevents/record.ts'
import type { LogClock, Span } from './ports.ts'

/** How often `clock` appends a tick to each partition. */
const TICK_INTERVAL_MS = 60_000

/** What one record can move the clock by. */
export const LONGEST_STEP_MS = 2 * TICK_INTERVAL_MS

/**
 * The log's clock after a record: it advances by the time since the append before, never back, and by two tick
 * intervals at most. What is cut off is a stretch in which the log saw nothing at all: nobody's silence. A broker whose
 * clock jumps and comes back costs two intervals, and does not stop the log's clock until the others have caught up.
 */
export function advance(clock: LogClock, appendMs: number): LogClock {
  const passed = clock.lastAppendMs === undefined ? 0 : appendMs - clock.lastAppendMs
  return {
    nowMs: clock.nowMs + stepOf(passed),
    lastAppendMs: appendMs,
    highestAppendMs: Math.max(appendMs, clock.highestAppendMs ?? appendMs),
  }
}

/** How much of the time before a record the clock does not count: it is blind for what happened then. */
export function blindMs(clock: LogClock, appendMs: number): number {
  if (clock.lastAppendMs === undefined) return 0
  return Math.max(0, appendMs - clock.lastAppendMs - LONGEST_STEP_MS)
}

/** The span of a wave, which has a record at least. */
export function spanOf(wave: readonly LogRecord[]): Span {
  const appends = wave.map(({ timestampMs }) => timestampMs)
  const advanceMs = appends
    .slice(1)
    .reduce((sum, at, index) => sum + stepOf(at - (appends[index] as number)), 0)
  return { firstAppendMs: appends[0] as number, advanceMs }
}

/** What the clock shows at the end of a span. */
export function endOf({ firstAppendMs, advanceMs }: Span, { nowMs, lastAppendMs }: LogClock): number {
  return nowMs + (lastAppendMs === undefined ? 0 : stepOf(firstAppendMs - lastAppendMs)) + advanceMs
}

function stepOf(passedMs: number): number {
  return Math.min(Math.max(passedMs, 0), LONGEST_STEP_MS)
}
