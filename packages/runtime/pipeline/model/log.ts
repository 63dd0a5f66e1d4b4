import type { LogRecord } from '../../cloudevents/record.ts'
import type { LogClock, Span } from './partition-state.ts'

/** Interval at which the `clock` function appends a tick to each partition, in milliseconds. */
const TICK_INTERVAL_MS = 60_000

/** Maximum time by which one record can advance the clock, in milliseconds. */
export const MAX_STEP_MS = 2 * TICK_INTERVAL_MS

/** Clock of a log before its first record. */
export const BEFORE_LOG: LogClock = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

/**
 * Returns the log's clock after a record. The clock advances by the time since the previous append, but by at most two tick
 * intervals, and it never goes back. Any time beyond two intervals is a clock gap: nothing was appended then, and it does not count
 * as silence of an entity. If a broker's clock jumps ahead and back, the log's clock gains at most two intervals. After the jump it
 * continues at once, instead of waiting until the other brokers reach that time.
 */
export function advance(clock: LogClock, appendMs: number): LogClock {
  const passed = clock.lastAppendMs === undefined ? 0 : appendMs - clock.lastAppendMs
  return {
    nowMs: clock.nowMs + limitStep(passed),
    lastAppendMs: appendMs,
    highestAppendMs: Math.max(appendMs, clock.highestAppendMs ?? appendMs),
  }
}

/**
 * Returns the clock gap before a record, in milliseconds: the part of the time since the previous append that the clock does not
 * count.
 */
export function clockGapMs(clock: LogClock, appendMs: number): number {
  if (clock.lastAppendMs === undefined) return 0
  return Math.max(0, appendMs - clock.lastAppendMs - MAX_STEP_MS)
}

/** Returns the span of a chunk. The chunk must contain at least one record. */
export function computeSpan(chunk: readonly LogRecord[]): Span {
  const appends = chunk.map(({ timestampMs }) => timestampMs)
  const advanceMs = appends
    .slice(1)
    .reduce((sum, at, index) => sum + limitStep(at - (appends[index] as number)), 0)
  return { firstAppendMs: appends[0] as number, advanceMs }
}

/** Returns the time of the clock at the end of a span. */
export function computeSpanEnd(
  { firstAppendMs, advanceMs }: Span,
  { nowMs, lastAppendMs }: LogClock,
): number {
  return nowMs + (lastAppendMs === undefined ? 0 : limitStep(firstAppendMs - lastAppendMs)) + advanceMs
}

function limitStep(passedMs: number): number {
  return Math.min(Math.max(passedMs, 0), MAX_STEP_MS)
}
