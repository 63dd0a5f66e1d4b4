import type { LogClock } from './ports.ts'

/** How often `clock` appends a tick to each partition. */
const TICK_INTERVAL_MS = 60_000

/**
 * The log's clock after a record: it advances by the time since the append before, never back, and by two tick
 * intervals at most. What is cut off is a stretch in which the log saw nothing at all: nobody's silence. A broker whose
 * clock jumps and comes back costs two intervals, and does not stop the log's clock until the others have caught up.
 */
export function advance(clock: LogClock, appendMs: number): LogClock {
  const passed = clock.lastAppendMs === undefined ? 0 : appendMs - clock.lastAppendMs
  return {
    nowMs: clock.nowMs + Math.min(Math.max(passed, 0), 2 * TICK_INTERVAL_MS),
    lastAppendMs: appendMs,
    highestAppendMs: Math.max(appendMs, clock.highestAppendMs ?? appendMs),
  }
}
