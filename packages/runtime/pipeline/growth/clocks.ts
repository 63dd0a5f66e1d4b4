/** Converts times between the clocks of two partitions. Each partition has counted from its own beginning. Pure. */
import { MAX_STEP_MS } from '../log/clock.ts'
import type { LogClock } from '../model.ts'

/**
 * Returns the offset that makes another partition's clock reach a time at the same moment. One of the logs may be further ahead:
 * the time between their last records counts as a clock counts it, and no more, so that no timer fires early.
 */
export function shiftMs(from: LogClock, to: LogClock): number {
  return to.nowMs - from.nowMs - passedMs(from, to)
}

/** Milliseconds from the last record of one log to that of another. */
function passedMs({ lastAppendMs: before }: LogClock, { lastAppendMs: after }: LogClock): number {
  if (before === undefined || after === undefined) return 0
  return Math.max(-MAX_STEP_MS, Math.min(after - before, MAX_STEP_MS))
}

/** The clock of a partition without records: it continues that of the partition whose log has come furthest. */
export function continuedClock(clocks: readonly LogClock[]): LogClock {
  const [latest] = clocks.toSorted((a, b) => (b.lastAppendMs ?? -1) - (a.lastAppendMs ?? -1))
  return {
    // The highest of all, so that no moved time is before the beginning of the clock.
    nowMs: Math.max(0, ...clocks.map(({ nowMs }) => nowMs)),
    lastAppendMs: latest?.lastAppendMs,
    highestAppendMs: undefined,
  }
}
