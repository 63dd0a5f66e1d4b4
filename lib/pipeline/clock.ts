import type { LogClock } from './ports.ts'

/** How often `clock` appends a tick to each partition. */
const TICK_INTERVAL_MS = 60_000

/**
 * The log's clock after a record: it advances by the time since the append before, never back, and by two tick
 * intervals at most. What is cut off is a stretch in which the log saw nothing at all: nobody's silence.
 */
export function advance(clock: LogClock, appendedAtMs: number): { nowMs: number; appendedAtMs: number } {
  if (clock.appendedAtMs === undefined) return { nowMs: clock.nowMs, appendedAtMs }
  const passed = Math.min(Math.max(appendedAtMs - clock.appendedAtMs, 0), 2 * TICK_INTERVAL_MS)
  return { nowMs: clock.nowMs + passed, appendedAtMs: Math.max(appendedAtMs, clock.appendedAtMs) }
}
