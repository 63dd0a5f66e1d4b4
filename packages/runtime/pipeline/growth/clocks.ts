/** Converts times between the clocks of two partitions, each of which started at the beginning of its own partition. Pure. */
import { MAX_STEP_MS } from '../log/clock.ts'
import type { LogClock } from '../model.ts'

/**
 * Returns the offset that makes another partition's clock reach a time at the same moment. If one of the logs is further ahead, the
 * time between their last records is counted as the clock would count it, so that no timer fires early.
 */
export function shiftMs(from: LogClock, to: LogClock): number {
  return to.nowMs - from.nowMs - passedMs(from, to)
}

/** Returns the milliseconds from the last record of one log to the last record of another, as a clock counts them. */
function passedMs({ lastAppendMs: before }: LogClock, { lastAppendMs: after }: LogClock): number {
  if (before === undefined || after === undefined) return 0
  return Math.max(-MAX_STEP_MS, Math.min(after - before, MAX_STEP_MS))
}

/** Returns the clock of a partition without records: it continues the clock of the partition whose log has the latest record. */
export function continuedClock(clocks: readonly LogClock[]): LogClock {
  const [latest] = clocks.toSorted((a, b) => (b.lastAppendMs ?? -1) - (a.lastAppendMs ?? -1))
  return {
    // The highest time of all clocks, so that no moved time precedes the beginning of the clock.
    nowMs: Math.max(0, ...clocks.map(({ nowMs }) => nowMs)),
    lastAppendMs: latest?.lastAppendMs,
    highestAppendMs: undefined,
  }
}
