/** Converts times between the log clocks of two partitions. Each clock starts at the beginning of its own partition. Pure. */
import { MAX_STEP_MS } from '../log/clock.ts'
import type { LogClock } from '../model.ts'

/**
 * Returns the difference to add to a time of one partition's clock so that the other partition's clock reaches the result at the
 * same moment. The time between the last records of both logs is counted as a clock would count it, so that no timer fires early.
 */
export function shiftMs(from: LogClock, to: LogClock): number {
  return to.nowMs - from.nowMs - passedMs(from, to)
}

/** Returns the time from the last record of one log to the last record of the other, as a clock would count it, in milliseconds. */
function passedMs({ lastAppendMs: before }: LogClock, { lastAppendMs: after }: LogClock): number {
  if (before === undefined || after === undefined) return 0
  return Math.max(-MAX_STEP_MS, Math.min(after - before, MAX_STEP_MS))
}

/** Returns the clock of a partition without records. It continues from the partition with the most recent record. */
export function continuedClock(clocks: readonly LogClock[]): LogClock {
  const [latest] = clocks.toSorted((a, b) => (b.lastAppendMs ?? -1) - (a.lastAppendMs ?? -1))
  return {
    // The highest time of all clocks. A lower time could place moved times before the beginning of the clock.
    nowMs: Math.max(0, ...clocks.map(({ nowMs }) => nowMs)),
    lastAppendMs: latest?.lastAppendMs,
    highestAppendMs: undefined,
  }
}
